"""The models file: what it turns into, and every mistake at once."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.models import Catalog, Guard, Limits, ModelCard, Parameters
from bot.errors import ConfigError
from bot.llm.catalog import parse_catalog, read_catalog, surroundings
from bot.llm.catalog.schema import (
    EndpointPiece,
    GuardPiece,
    LimitsPiece,
    LongRatesPiece,
    ModelPiece,
    ParametersPiece,
    WhenPiece,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "models.md"
SECRET = "sk-hunter2"

ENDPOINT = """
[[endpoints]]
name = "one"
base_url = "https://one.test/v1"
keys = ["sk-hunter2"]
"""
MODEL = """
[[endpoints.models]]
name = "m"
window = 8192
"""
SECOND = """
[[endpoints.models]]
name = "n"
window = 4096
"""
TWO = ENDPOINT + MODEL + SECOND


def every_variable(text: str) -> Mapping[str, str]:
    """An environment in which each variable that a file names is set."""
    return {name: f"key-of-{name}" for name in re.findall(r'env = "(\w+)"', text)}


def read(text: str, environment: Mapping[str, str] | None = None, folder: Path = Path()) -> Catalog:
    return parse_catalog(text, folder / "models.toml", environment or {})


def card(settings: str, endpoint: str = "") -> ModelCard:
    """The model that these settings make."""
    catalog = read(f'{ENDPOINT}{endpoint}\n[[endpoints.models]]\nname = "m"\nwindow = 8192\n{settings}')
    return catalog.models["one/m"]


def problems(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(text, environment)
    return list(refused.value.problems)


def problem(text: str, environment: Mapping[str, str] | None = None) -> str:
    (only,) = problems(text, environment)
    return only


def snippets() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


# --- What it turns into ---


def test_the_shipped_example_is_sound() -> None:
    catalog = read_catalog(ROOT / "models.example.toml", {"OPENAI_API_KEY": SECRET})
    assert list(catalog.chains) == ["default", "strong", "light"]
    assert catalog.models["ollama/llama3.2"].max_tokens_field == "max_tokens"


@pytest.mark.parametrize(
    "snippet", snippets(), ids=lambda text: text.split()[0] + text.partition('"')[2].partition('"')[0]
)
def test_every_example_of_the_page_is_sound(snippet: str, tmp_path: Path) -> None:
    (tmp_path / "openai.key").write_text("sk-from-a-file\n")
    whole = snippet if "[[endpoints]]" in snippet else snippets()[0] + snippet
    assert read(whole, every_variable(whole), tmp_path).models


def test_the_page_has_an_example_for_every_kind_of_server() -> None:
    names = {name for snippet in snippets() for name in re.findall(r'^name = "([a-z-]+)"', snippet, re.MULTILINE)}
    kinds = {"openai", "azure-west", "openrouter", "gemini", "anthropic", "ollama", "vllm", "llamacpp", "lmstudio"}
    assert kinds | {"litellm"} <= names


def test_the_page_explains_every_setting() -> None:
    pieces = (EndpointPiece, ModelPiece, ParametersPiece, LimitsPiece, LongRatesPiece, WhenPiece, GuardPiece)
    settings = {name for piece in pieces for name in piece.model_fields}
    told = set(re.findall(r"`(\w+)`", PAGE.read_text("utf-8")))
    assert settings - told == {"output"}  # the price of it, which speaks for itself


def test_a_model_without_settings_takes_the_defaults() -> None:
    assert card("") == ModelCard(endpoint="one", name="m", known_as="m", window=8192)


def test_models_are_named_by_endpoint_and_name() -> None:
    catalog = read(ENDPOINT + MODEL.replace('"m"', '"openai/gpt-6-luna"'))
    assert list(catalog.models) == ["one/openai/gpt-6-luna"]


def test_a_known_model_needs_no_window() -> None:
    catalog = read(f'{ENDPOINT}[[endpoints.models]]\nname = "ours"\nknown_as = "gpt-4o"')
    assert catalog.models["one/ours"].window == 128_000


def test_guards_hold_for_the_plan_they_name_and_the_default_for_all_others() -> None:
    catalog = read(f"{ENDPOINT}{MODEL}[guards.default]\nquestion = 100\n[guards.team]\ncall = 9_000\nturn = 9_000")
    assert catalog.guard("team") == Guard(call=9_000, turn=9_000)
    assert catalog.guard("free") == catalog.guard("") == Guard(question=100)
    assert read(f"{ENDPOINT}{MODEL}").guard("free") == Guard()


@pytest.mark.parametrize(
    ("guards", "told"),
    [
        ("[guards]\nfree = 5", "guards.free should be a table"),
        ("[guards.free]\nquestion = 0", "guards.free, question"),
        ("[guards.free]\nanswer = 10", "guards.free, answer"),
        ("[guards.free]\nlongest = 10", "guards.free, longest"),
        ("[guards.free]\ncall = 1000\nturn = 600", "guards.free, turn: is less than `call`"),
    ],
)
def test_a_guard_that_makes_no_sense_is_told(guards: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"{ENDPOINT}{MODEL}{guards}")
    assert told in str(caught.value)


def test_limits_hold_per_endpoint_and_per_model() -> None:
    catalog = read(f"{ENDPOINT}limits = {{ rpm = 60, tpd = 5 }}\n{MODEL}limits = {{ tpm = 7, concurrent = 2 }}")
    assert catalog.endpoints["one"].limits == Limits(rpm=60, tpd=5)
    assert catalog.models["one/m"].limits == Limits(tpm=7, concurrent=2)


def test_what_an_endpoint_says_of_its_models_holds_for_each() -> None:
    inherited = card('unsupported = ["top_p"]', endpoint='max_tokens_field = "max_tokens"\nunsupported = ["verbosity"]')
    assert inherited.max_tokens_field == "max_tokens"
    assert inherited.unsupported == {"top_p", "verbosity"}


def test_a_model_may_differ_from_its_endpoint() -> None:
    own = card('max_tokens_field = "max_completion_tokens"', endpoint='max_tokens_field = "max_tokens"')
    assert own.max_tokens_field == "max_completion_tokens"


def test_parameters_are_read() -> None:
    read_ones = card('parameters = { temperature = 1, top_p = 0.5, reasoning_effort = "xhigh", presence_penalty = -2 }')
    wanted = Parameters(temperature=1.0, top_p=0.5, reasoning_effort="xhigh", presence_penalty=-2.0)
    assert read_ones.parameters == wanted


def test_a_personas_parameters_go_over_the_models() -> None:
    persona, model = Parameters(temperature=0.0), Parameters(temperature=1.0, verbosity="low")
    assert persona.over(model) == Parameters(temperature=0.0, verbosity="low")


@pytest.mark.parametrize("written", ['"0.1"', "0.1", "1e-1"])
def test_prices_are_exact_however_they_are_written(written: str) -> None:
    assert card(f"prices = {{ input = {written}, output = 1 }}").prices["default"].base.input == Decimal("0.1")


def test_cached_tokens_cost_as_much_as_others_unless_told() -> None:
    base = card('prices = { input = "2", output = "8" }').prices["default"].base
    assert (base.cached_input, base.cache_write) == (base.input, base.input)


def test_cached_tokens_may_cost_nothing() -> None:
    base = card('prices = { input = "2", output = "8", cached_input = "0" }').prices["default"].base
    assert base.cached_input == 0


def test_price_steps_are_sorted() -> None:
    steps = "above = [{ tokens = 20, input = 3, output = 3 }, { tokens = 10, input = 2, output = 2 }]"
    prices = card(f"prices = {{ input = 1, output = 1, {steps} }}").prices["default"]
    assert [prices.at(tokens).input for tokens in (10, 11, 20, 21)] == [1, 2, 2, 3]


def test_without_chains_all_models_stand_in_one() -> None:
    assert [one.ref for one in read(TWO).default.cards] == ["one/m", "one/n"]


def test_without_a_default_the_first_chain_is_it() -> None:
    catalog = read(f'{TWO}[chains]\nb = ["one/n"]\na = ["one/m"]')
    assert catalog.default.name == "b"


def test_a_pattern_in_access_stands_for_models() -> None:
    catalog = read(f'{TWO}[access]\nfree = ["*/n"]')
    assert [one.ref for one in catalog.offered("free")] == ["one/n"]
    assert len(catalog.offered("team")) == 2


def test_a_model_is_found_by_ref_or_name_where_the_plan_allows() -> None:
    catalog = read(f'{TWO}[access]\nfree = ["one/n"]')
    assert [catalog.find(named, "free") for named in ("one/n", "n", "one/m", "m")] == [catalog.models["one/n"]] * 2 + [
        None
    ] * 2


def test_one_model_behind_one_key_needs_no_file() -> None:
    catalog = Catalog.single(base_url="https://api.openai.com/v1", key=SECRET, model="gpt-6-luna", window=16_000)
    assert catalog.default.first.ref == "main/gpt-6-luna"
    assert [key.secret for key in catalog.endpoints["main"].keys] == [SECRET]


def test_one_local_model_needs_no_key() -> None:
    catalog = Catalog.single(base_url="http://localhost:11434/v1", key=None, model="llama3.2", window=8192)
    assert catalog.endpoints["main"].keys[0].secret


# --- Keys ---


def test_keys_come_from_the_environment_files_and_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_text("from-file\n")
    keys = 'keys = ["plain", { env = "A_KEY" }, { file = "a.key" }]'
    text = TWO.replace('keys = ["sk-hunter2"]', keys)
    found = read(text, {"A_KEY": " from-env "}, tmp_path).endpoints["one"].keys
    assert [(key.name, key.secret) for key in found] == [
        ("the models file", "plain"),
        ("A_KEY", "from-env"),
        ("a.key", "from-file"),
    ]


def test_no_secret_is_in_any_repr() -> None:
    assert SECRET not in repr(read(TWO))
    assert SECRET not in repr(Catalog.single(base_url="http://x.test", key=SECRET, model="m", window=512))


def test_the_environment_goes_over_the_dot_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("A_KEY=file\nB_KEY=file\nEMPTY\n")
    monkeypatch.setenv("A_KEY", "environment")
    found = surroundings(tmp_path / ".env")
    assert (found["A_KEY"], found["B_KEY"]) == ("environment", "file")


def test_a_missing_variable_is_named() -> None:
    text = TWO.replace('"sk-hunter2"', '{ env = "NO_KEY" }')
    assert problem(text) == (
        'models.toml: endpoints[0] "one", keys[0]: the variable NO_KEY is not set: set it in .env or the environment'
    )


def test_a_missing_key_file_is_named() -> None:
    assert "the file no.key cannot be read" in problem(TWO.replace('"sk-hunter2"', '{ file = "no.key" }'))


def test_a_hosted_endpoint_without_keys_is_a_mistake() -> None:
    assert "keys: is missing" in problem(TWO.replace('keys = ["sk-hunter2"]', ""))


@pytest.mark.parametrize("change", [("https:", "http:"), ("[[endpoints.models]]", "keys = []\n[[endpoints.models]]")])
def test_a_local_or_open_endpoint_needs_no_keys(change: tuple[str, str]) -> None:
    text = (ENDPOINT + MODEL).replace('keys = ["sk-hunter2"]\n', "").replace(*change, 1)
    assert read(text).endpoints["one"].keys[0].name == "none"


def test_the_same_key_twice_is_a_mistake_that_does_not_show_it() -> None:
    found = problem(TWO.replace('"sk-hunter2"', '"sk-hunter2", { env = "A_KEY" }'), {"A_KEY": SECRET})
    assert "keys[1]: the key in A_KEY is the same as one before it" in found
    assert SECRET not in found


@pytest.mark.parametrize(
    "written", ['"sk-hunter2 x"', '"sk-hunter2\\n"', '"sk-hunter2é"', '{ sk = "sk-hunter2" }', "7", '""']
)
def test_a_broken_key_is_told_without_showing_it(written: str) -> None:
    found = problem(TWO.replace('"sk-hunter2"', written))
    assert found.startswith('models.toml: endpoints[0] "one", keys[0]: ')
    assert SECRET not in found


def test_a_key_in_the_address_is_a_mistake_that_does_not_show_it() -> None:
    found = problem(TWO.replace("https://one.test", "https://me:sk-hunter2@one.test"))
    assert "base_url: holds a name, password or query" in found
    assert SECRET not in found


# --- Mistakes ---


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    found = problems(
        """
        [[endpoints]]
        name = "one"
        base_url = "nowhere"
        keys = [{ env = "NO_KEY" }]
        limits = { rpm = 0 }
        [[endpoints.models]]
        name = "m"
        temprature = 1
        [[endpoints.models]]
        name = "odd"
        [[endpoints]]
        name = "two"
        base_url = "http://two.test/v1"
        [chains]
        default = ["one/m", "one/x"]
        empty = []
        [[rules]]
        chain = "nope"
        when = { quota_left_below = 2 }
        [access]
        free = ["three/*"]
        [quotas]
        """
    )
    places = [line.removeprefix("models.toml: ").split(": ")[0] for line in found]
    assert places == [
        "quotas",
        'endpoints[0] "one", base_url',
        'endpoints[0] "one", limits.rpm',
        'endpoints[0] "one", models[0] "m", temprature',
        'endpoints[0] "one", models[1] "odd", window',
        'endpoints[1] "two", models',
        "chains.default[1]",
        "chains.empty",
        "rules[0], when.quota_left_below",
        "access.free[0]",
    ]


@pytest.mark.parametrize(
    ("settings", "place", "words"),
    [
        ("windw = 5", "windw", "do you mean window?"),
        ("parameters = { temperature = 2.1 }", "parameters.temperature", "less than or equal to 2"),
        ("parameters = { temperature = true }", "parameters.temperature", "should be a number"),
        ("parameters = { temperature = nan }", "parameters.temperature", "greater than or equal to 0"),
        ("parameters = { top_p = 0 }", "parameters.top_p", "greater than 0"),
        ("parameters = { frequency_penalty = -3 }", "parameters.frequency_penalty", "-2"),
        ('parameters = { reasoning_effort = "huge" }', "parameters.reasoning_effort", "'minimal'"),
        ('parameters = { verbosity = "loud" }', "parameters.verbosity", "'medium'"),
        ("parameters = { max_output = 9000 }", "parameters.max_output", "more than the model can write (8192)"),
        ("max_output = 9000", "max_output", "larger than window"),
        ('max_tokens_field = "tokens"', "max_tokens_field", "'max_tokens'"),
        ('unsupported = ["temprature"]', "unsupported[0]", "is no parameter"),
        ('unsupported = ["top_p"]\nparameters = { top_p = 1 }', "parameters.top_p", "also in `unsupported`"),
        ("limits = { rpm = -1 }", "limits.rpm", "greater than 0"),
        ("limits = { rpm = 1.5 }", "limits.rpm", "valid integer"),
        ('sees_images = "yes"', "sees_images", "valid boolean"),
        ("prices = { input = 1 }", "prices.output", "is missing"),
        ("prices = { input = -1, output = 1 }", "prices.input", "greater than or equal to 0"),
        ("prices = { input = inf, output = 1 }", "prices.input", "finite"),
        ("prices = { input = true, output = 1 }", "prices.input", "should be a number"),
        ("prices = { input = 1, output = 1 }\nflex = true", "prices", "no service_tiers.flex"),
        ("prices = { input = 1, output = 1, service_tiers.slow.input = 1 }", "prices.service_tiers.slow", "'flex'"),
    ],
)
def test_a_models_mistake_is_told_with_its_place(settings: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        card(settings)
    here = [line for line in refused.value.problems if f'endpoints[0] "one", models[0] "m", {place}' in line]
    assert here
    assert words in here[0]


def test_a_window_smaller_than_any_prompt_is_a_mistake() -> None:
    assert "window: input should be greater than or equal to 512" in problem(TWO.replace("4096", "100"))


def test_two_endpoints_of_one_name_are_a_mistake() -> None:
    assert 'endpoints[1] "one", name: is taken' in "".join(problems(TWO + ENDPOINT + MODEL))


def test_two_models_of_one_name_are_a_mistake() -> None:
    assert 'models[1] "m", name: is taken' in problem(ENDPOINT + MODEL + MODEL)


def test_an_endpoint_with_a_slash_in_its_name_is_a_mistake() -> None:
    assert "name: string should match pattern" in problem(TWO.replace('"one"', '"o/ne"'))


def test_a_model_twice_in_a_chain_is_a_mistake() -> None:
    assert "is in the chain already" in problem(f'{TWO}[chains]\nx = ["one/m", "one/m"]')


def test_an_unsound_model_is_not_called_unknown_in_a_chain() -> None:
    broken = TWO.replace("window = 4096", "window = 0")
    assert "models[1]" in problem(f'{broken}[chains]\nx = ["one/n"]')


def test_a_rule_for_an_unknown_chain_is_a_mistake() -> None:
    found = problem(f'{TWO}[chains]\nx = ["one/m"]\n[[rules]]\nchain = "y"')
    assert found.endswith('rules[0], chain: "y" is no chain: there are x')


def test_a_rule_behind_one_without_conditions_is_a_mistake() -> None:
    rules = '[[rules]]\nchain = "default"\n' * 2
    assert "rules[1]: is never reached" in problem(TWO + rules)


def test_a_plan_that_loses_all_of_the_default_chain_is_a_mistake() -> None:
    text = f'{TWO}[chains]\ndefault = ["one/m"]\n[access]\nfree = ["one/n"]'
    assert "access.free: leaves nothing of the chain default: add one of one/m" in problem(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "endpoints: is missing"),
        ("endpoints = 5", "endpoints should be tables"),
        (f"{TWO}[rules]\n", "rules should be tables"),
        (f"chains = 5\n{TWO}", "chains should be a table"),
        ("[[endpoints", "is not valid TOML"),
        (f'{TWO}[chains]\nx = "one/m"', "chains.x: should be a list"),
    ],
)
def test_a_file_of_another_shape_is_told(text: str, words: str) -> None:
    assert words in problem(text)


def test_a_file_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"PARLEY_MODELS: there is no file .*: copy models\.example\.toml to it"):
        read_catalog(tmp_path / "no.toml", {})


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_catalog(tmp_path / "models.toml", {})
