"""What admins do in a chat, typed into a shell by somebody who is locked out of it."""

from pathlib import Path

import pytest

from tests.admin.conftest import Shell


def test_a_quota_is_set_for_somebody_who_has_never_written(shell: Shell) -> None:
    done = shell.run("quota", "set", "telegram:11", "messages", "50")
    assert done.exit_code == 0
    assert "100 → 50" in done.stdout.splitlines()[0]
    assert ": 0 of 50," in shell.run("quota", "show", "telegram:11").stdout


def test_whoever_has_not_written_yet_is_what_they_will_be(shell: Shell) -> None:
    shell.run("quota", "set", "telegram:11", "messages", "50")
    roles = {row["Id"]: row["Role"] for row in shell.json("users")["rows"]}
    assert roles == {"telegram:11": "member", "cli:root": "owner"}


def test_the_operator_is_on_record(shell: Shell) -> None:
    shell.run("quota", "set", "telegram:11", "messages", "50")
    (row,) = shell.json("audit")["rows"]
    assert (row["Who"], row["What"], row["Whom"]) == ("cli:root", "quota.set", "telegram:11")


def test_what_was_done_is_taken_back(shell: Shell) -> None:
    shell.run("block", "telegram:11", "--yes")
    assert shell.run("revert", "1", "--yes").exit_code == 0
    assert "is not blocked" in shell.run("unblock", "telegram:11").stdout


@pytest.mark.parametrize("name", ["11", "telegramm:11", "@nobody"])
def test_nobody_is_made_up(shell: Shell, name: str) -> None:
    refused = shell.run("quota", "set", name, "messages", "50")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "I have not met" in refused.stderr
    assert "rows" not in shell.json("audit")


def test_a_refused_command_leaves_nobody_behind(shell: Shell) -> None:
    assert shell.run("quota", "set", "telegram:11", "apples", "50").exit_code == 1
    assert "telegram:11" not in shell.run("users").stdout


def test_a_refusal_is_json_too(shell: Shell) -> None:
    answer = shell.json("quota", "show", "@nobody")
    assert (answer["ok"], answer["error"]) == (False, "UnknownPerson")


def test_what_hurts_is_asked_for_first(shell: Shell) -> None:
    asked = shell.run("block", "telegram:11")
    assert (asked.exit_code, asked.stdout) == (3, "")
    assert "say --yes" in asked.stderr
    assert "rows" not in shell.json("audit")


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 3)])
def test_at_a_terminal_the_question_is_answered_there(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("bot.admin.asking._at_terminal", lambda: True)
    assert shell.run("block", "telegram:11", typed=typed).exit_code == code


def test_names_cannot_steer_the_terminal(shell: Shell) -> None:
    shell.run("quota", "set", "telegram:\x1b[31m\u202e11", "messages", "50")
    shown = shell.run("users").stdout
    assert "telegram:[31m11" in shown
    assert "\x1b" not in shown


def test_tables_are_tables(shell: Shell) -> None:
    shell.run("quota", "set", "telegram:11", "messages", "50")
    shown = shell.run("audit").stdout
    assert "┃ Who" in shown
    assert "│ cli:root" in shown


def test_help_lists_what_admins_have(shell: Shell) -> None:
    shown = shell.run("--help").stdout
    assert all(name in shown for name in ("quota", "block", "audit"))
    assert "retry" not in shown
    assert "Example: parley admin quota" in shell.run("quota", "--help").stdout


def test_a_command_of_chats_is_none_here(shell: Shell) -> None:
    assert shell.run("retry").exit_code == 2


@pytest.mark.usefixtures("empty_folder")
def test_no_database_is_made_by_asking(empty_folder: Path) -> None:
    refused = Shell(folder=empty_folder).run("users")
    assert refused.exit_code == 2
    assert "start the bot once" in refused.stderr
    assert list(empty_folder.iterdir()) == []


def test_a_database_of_another_version_is_left_alone(embedded: Shell) -> None:
    (embedded.folder / "data" / "parley.db").unlink()
    (embedded.folder / "data" / "parley.db").touch()
    refused = embedded.run("users")
    assert refused.exit_code == 2
    assert "parley db upgrade" in refused.stderr


def test_a_broken_models_file_locks_nobody_out(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.folder / "models.toml").write_text("nonsense [")
    monkeypatch.setenv("PARLEY_MODELS", "models.toml")
    assert shell.run("users").exit_code == 0


class TestImport:
    @pytest.fixture
    def good(self, shell: Shell) -> Path:
        path = shell.folder / "users.csv"
        path.write_text(
            "id,name,plan,messages,tokens per week,role\n"
            "telegram:21,Ada,plus,,1000,\n"
            "telegram:22,Ben,vip until 2099-01-01,60,,support\n"
        )
        return path

    def test_a_table_of_people_is_taken_in_and_on_record(self, shell: Shell, good: Path) -> None:
        done = shell.run("import", str(good))
        assert (done.exit_code, done.stdout) == (0, "5 changes for 2 people were made.\n")
        assert ": 0 of 60," in shell.run("quota", "show", "telegram:22").stdout
        acts = [(row["What"], row["Whom"]) for row in shell.json("audit")["rows"]]
        assert acts[0][0] == "import"
        assert {("quota.set", "telegram:21"), ("quota.set", "telegram:22"), ("role", "telegram:22")} <= set(acts)

    def test_a_dry_run_tells_each_change_and_makes_none(self, shell: Shell, good: Path) -> None:
        told = shell.run("import", str(good), "--dry-run")
        assert told.exit_code == 0
        assert "line 2: telegram:21:" in told.stdout
        assert "5 changes for 2 people would be made. Nothing was changed." in told.stdout
        assert "telegram:21" not in shell.run("users").stdout

    def test_one_bad_line_undoes_all_and_every_bad_line_is_named(self, shell: Shell, good: Path) -> None:
        with good.open("a") as file:
            file.write("telegram:23,Cy,,fifty,,\nirc:1,Di,,5,,\ntelegram:24,Ed,nosuch,,,\n")
        refused = shell.run("import", str(good))
        assert (refused.exit_code, refused.stdout) == (1, "")
        places = [line.split(": ")[0] for line in refused.stderr.splitlines()[:-1]]
        assert places == [f"{good}:4", f"{good}:5", f"{good}:6"]
        assert refused.stderr.endswith("Nothing was changed.\n")
        assert "telegram:21" not in shell.run("users").stdout
