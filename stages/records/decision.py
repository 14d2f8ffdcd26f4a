"""What a verdict decides, what people read about it, and what explains a change."""

from __future__ import annotations

from enum import StrEnum


class Decision(StrEnum):
    """What was found about a window, the least serious first.

    Attributes:
        headline: the decision in a line.
        advice: what a person does about it.
    """

    NOT_ENOUGH_MAIL = (
        "not_enough_mail",
        "Not enough mail for a verdict",
        "Nothing is known about this window. A longer one holds more mail: widen "
        "window.batch_from and window.batch_to in conf/.",
    )
    NO_DRIFT = (
        "no_drift",
        "No drift",
        "Nothing to do: this is the kind of mail that the model knows.",
    )
    CHANGED = (
        "changed",
        "The mail has changed, but not in a way that matters",
        "Nothing to do yet: changes of this size are usual, and are not known to hurt.",
    )
    DRIFT = (
        "drift",
        "Drift: the mail has changed in a way that matters",
        "The model should learn from newer mail: make retrain proposes one that has, and the "
        "gate compares it with the model in production.",
    )

    headline: str
    advice: str

    def __new__(cls, value: str, headline: str = "", advice: str = "") -> Decision:
        """Return the member whose value, as files and tables have it, is `value`.

        A look-up, `Decision("drift")`, knows no more than that: hence the defaults.
        """
        member = str.__new__(cls, value)
        member._value_ = value
        member.headline, member.advice = headline, advice
        return member

    @property
    def words(self) -> str:
        """The decision in a word or three: `not enough mail`."""
        return in_words(self.value)

    @property
    def changed(self) -> bool:
        """Whether the mail has changed, be it in a way that matters or not."""
        return self in (Decision.CHANGED, Decision.DRIFT)


class Cause(StrEnum):
    """What explains a change.

    Attributes:
        words: the cause as people read it.
    """

    SPAM_SHARE = "spam_share", "another share of spam"
    CONTENT = "content", "other content"
    BOTH = "both", "another share of spam, and other content"

    words: str

    def __new__(cls, value: str, words: str = "") -> Cause:
        """Return the member whose value, as files have it, is `value`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member


def in_words(name: str) -> str:
    """Return a name of our files as people read it: `no_drift` is `no drift`."""
    return name.replace("_", " ")
