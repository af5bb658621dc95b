"""The unit of work: one transaction and everything that can be done in it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.activity import Activity
from bot.storage.admissions import Admissions
from bot.storage.alerts import Alerts
from bot.storage.answers import Answers
from bot.storage.audit import Audit
from bot.storage.backlog import Backlogs
from bot.storage.belongings import Belongings
from bot.storage.books import Books
from bot.storage.broadcasts import Broadcasts
from bot.storage.budgets import BudgetBook
from bot.storage.bursts import Bursts
from bot.storage.calls import Calls
from bot.storage.codes import Codes
from bot.storage.contexts import Contexts
from bot.storage.conversations import Conversations
from bot.storage.directory import Directory
from bot.storage.experiments import Experiments
from bot.storage.forgetting import Forgetting
from bot.storage.given import GivenAnswers
from bot.storage.groups import Groups
from bot.storage.history import History
from bot.storage.inbox import Inbox
from bot.storage.leaders import Leaders
from bot.storage.ledger import Ledger
from bot.storage.limits import Limits
from bot.storage.lives import Lives
from bot.storage.memory import Memories
from bot.storage.merging import Merging
from bot.storage.moving import Moving
from bot.storage.outbox import Outbox
from bot.storage.ownkeys import OwnKeyBook
from bot.storage.paces import Paces
from bot.storage.people import People
from bot.storage.personas import PersonaBook
from bot.storage.pictures import Pictures
from bot.storage.pruning import Pruning
from bot.storage.quarantine import Quarantine
from bot.storage.queue import Queue
from bot.storage.registry import Registry
from bot.storage.revival import Revival
from bot.storage.sealing import Sealing
from bot.storage.searches import Searches
from bot.storage.sessions import Sessions
from bot.storage.spoken import SpokenTurns
from bot.storage.stats import Stats
from bot.storage.strikes import Strikes
from bot.storage.switches import Switches
from bot.storage.traffic import Traffic
from bot.storage.transcripts import Transcripts


class UnitOfWork:
    """One transaction: `async with storage.begin() as work`. It commits at the end; an exception undoes it.

    Never await a model, a platform or a person inside.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.inbox = Inbox(connection)
        self.bursts = Bursts(connection)
        self.quarantine = Quarantine(connection)
        self.pruning = Pruning(connection)
        self.backlogs = Backlogs(connection)
        self.lives = Lives(connection)
        self.books = Books(connection)
        self.outbox = Outbox(connection)
        self.leaders = Leaders(connection)
        self.paces = Paces(connection)
        self.own_keys = OwnKeyBook(connection)
        self.people = People(connection)
        self.conversations = Conversations(connection)
        self.directory = Directory(connection)
        self.forgetting = Forgetting(connection)
        self.belongings = Belongings(connection)
        self.experiments = Experiments(connection)
        self.personas = PersonaBook(connection)
        self.sealing = Sealing(connection)
        self.searches = Searches(connection)
        self.transcripts = Transcripts(connection)
        self.admissions = Admissions(connection)
        self.codes = Codes(connection)
        self.merging = Merging(connection)
        self.moving = Moving(connection)
        self.queue = Queue(connection)
        self.revival = Revival(connection)
        self.groups = Groups(connection)
        self.broadcasts = Broadcasts(connection)
        self.switches = Switches(connection)
        self.sessions = Sessions(connection)
        self.strikes = Strikes(connection)
        self.stats = Stats(connection)
        self.traffic = Traffic(connection)
        self.registry = Registry(connection)
        self.history = History(connection)
        self.given = GivenAnswers(connection)
        self.pictures = Pictures(connection)
        self.contexts = Contexts(connection)
        self.memories = Memories(connection)
        self.spoken = SpokenTurns(connection)
        self.ledger = Ledger(connection)
        self.limits = Limits(connection)
        self.budgets = BudgetBook(connection)
        self.calls = Calls(connection)
        self.activity = Activity(connection)
        self.alerts = Alerts(connection)
        self.answers = Answers(connection)
        self.audit = Audit(connection)
