"""What can go wrong in the directory (titles in contracts/errors/directory.json)."""

from __future__ import annotations

from imigr_kit.commands import KeyReused as KeyReused
from imigr_kit.errors import Conflict, Gone, Invalid, NotFound, Stale, TooMany, Unavailable


class InvalidInput(Invalid):
    """The request does not have the shape of the contract."""

    code = "directory.invalid_input"


class UnknownEdition(NotFound):
    """No such pack or brochure, or one that is kept no more: the present one is."""

    code = "directory.unknown_edition"


class EditionNotReady(Unavailable):
    """It is being made for the first time."""

    code = "directory.edition_not_ready"


class UnknownService(NotFound):
    """No such entry, or it was withdrawn."""

    code = "directory.unknown_service"


class UnknownRecord(NotFound):
    """No such organization, location, article or alert, or no such version of one."""

    code = "directory.unknown_record"


class UnknownMunicipality(NotFound):
    """The municipality does not take part."""

    code = "directory.unknown_municipality"


class UnknownTaxonomy(Invalid):
    """A theme that the taxonomy does not have."""

    code = "directory.unknown_taxonomy"


class InvalidHours(Invalid):
    """Opening hours that cannot be: ``fields`` say where."""

    code = "directory.invalid_hours"


class InvalidCalendar(Invalid):
    """A day or period that cannot be in the calendar of a municipality."""

    code = "directory.invalid_calendar"


class UnknownCalendarEntry(NotFound):
    """The calendar has no such holiday, period or closure."""

    code = "directory.unknown_calendar_entry"


class UnknownException(NotFound):
    """The hours of the service have no exception that begins on this day; ``params.first``."""

    code = "directory.unknown_exception"


class StaleVersion(Conflict):
    """Somebody changed the entry meanwhile; ``params.version`` is the one that stands."""

    code = "directory.stale_version"


class UnknownReference(Invalid):
    """A record names another one that does not exist."""

    code = "directory.unknown_reference"


class UnknownText(Invalid):
    """A translation for a text that the record does not have."""

    code = "directory.unknown_text"


class UnreadableFile(Invalid):
    """A file of translations that is not XLIFF, or asks the reader to open something else."""

    code = "directory.unreadable_file"


class ChangedMeanwhile(Stale):
    """Somebody changed the record after it was read; ``params.revision`` is the one that stands."""

    code = "directory.changed_meanwhile"


class StaleProposal(Conflict):
    """Another version was published after this proposal was made: propose again on the one that stands."""

    code = "directory.stale_proposal"


class NothingProposed(Conflict):
    """No change waits here, or not in the state that this step needs."""

    code = "directory.nothing_proposed"


class NotInThisState(Conflict):
    """The record's state does not allow this step."""

    code = "directory.not_in_this_state"


class UnknownOpinion(NotFound):
    """No such opinion in this town, or its time is over."""

    code = "directory.unknown_opinion"


class NoRemark(NotFound):
    """It came without a remark, or the remark is gone."""

    code = "directory.no_remark"


class OpinionHandled(Conflict):
    """Somebody was done with it before; ``params.outcome`` says how."""

    code = "directory.opinion_handled"


class TooManyOpinions(TooMany):
    """One address has said very much within the hour."""

    code = "directory.too_many_opinions"


class PageTooDeep(Invalid):
    """Pages reach ``params.deepest`` entries; the export and the feed of changes give all of them."""

    code = "directory.page_too_deep"


class BadPackage(Invalid):
    """What was sent to be imported cannot be read, or is not safe to read; ``params.why`` says which, ``params.file``
    where. Nothing was stored."""

    code = "directory.bad_package"


class UnknownImport(NotFound):
    """No such import of this municipality, or it is over and forgotten."""

    code = "directory.unknown_import"


class ImportOutOfOrder(Conflict):
    """A part of an upload that is not the next one, or a step its state does not allow; ``params`` say what is."""

    code = "directory.import_out_of_order"


class ImportDied(Unavailable):
    """The process that read the file died, and so did the one after it; what it had written is written, and importing
    the file again goes on from there."""

    code = "directory.import_died"


class CursorUnknown(Gone):
    """The cursor is of another directory, or of this one before it was restored: begin without one."""

    code = "directory.cursor_unknown"


class UnknownHsdsObject(NotFound):
    """No object of this kind and id is published."""

    code = "directory.unknown_hsds_object"


class BadCursor(Invalid):
    """What was given as a cursor is none."""

    code = "directory.bad_cursor"
