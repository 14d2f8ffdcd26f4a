"""The panels: what each one shows, and why one would look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stages.dashboards.sql import LATEST, over_time
from stages.drift.statistics import STATISTICS
from stages.model.metrics import LOG_LOSS, ONE_MINUS_AUC
from stages.stores.history.table import TABLE


class Kind(StrEnum):
    """How a panel is drawn."""

    LINES = "lines"
    BARS = "bars"
    STACKED = "stacked"
    STATES = "states"
    TABLE = "table"


class Unit(StrEnum):
    """What a number is."""

    NUMBER = "number"
    COUNT = "count"
    # 0 to 1.
    SHARE = "share"
    PERCENT = "percent"
    TEXT = "text"


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        key: names it in addresses.
        title: of the panel.
        description: what it shows and how to read it, in one or two sentences.
        kind: how it is drawn.
        unit: of its numbers.
        series: the columns that are drawn over time, by name, and what they are in SQL.
        query: a table's, in full.
        limits: the columns that others are compared with: drawn dashed.
        from_zero: whether its axis begins at 0.
        colour: the place of its first column in the palette.
        units: of a table's columns; those that are not named are text.
    """

    key: str
    title: str
    description: str
    kind: Kind
    unit: Unit
    series: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    limits: tuple[str, ...] = ()
    from_zero: bool = True
    colour: int = 0
    units: Mapping[str, Unit] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The query; of series, the first column is `time`."""
        return self.query or over_time(self.series)


@dataclass(frozen=True)
class Section:
    """Panels that belong together."""

    title: str
    panels: tuple[Panel, ...]


def _each(number: str) -> dict[str, str]:
    return {statistic.short: f"{statistic.name}_{number}" for statistic in STATISTICS}


_VALUES = tuple(
    Panel(
        key=statistic.name.replace("_", "-"),
        title=statistic.title[0].upper() + statistic.title[1:],
        description="Above its threshold it votes for a change. The threshold is calibrated anew "
        "for each window, at the window's size.",
        kind=Kind.LINES,
        unit=Unit.NUMBER,
        series={"value": f"{statistic.name}_value", "threshold": f"{statistic.name}_threshold"},
        limits=("threshold",),
        # Where chance gives a half, the axis from zero up to it would be empty.
        from_zero=statistic.chance == 0.0,
        colour=place,
    )
    for place, statistic in enumerate(STATISTICS)
)

VERDICTS = Section(
    "Verdicts",
    (
        Panel(
            key="decisions",
            title="Verdict on each window",
            description="Only drift retrains: mail that changed, and in a way that matters.",
            kind=Kind.STATES,
            unit=Unit.TEXT,
            series={"verdict": "decision"},
        ),
        Panel(
            key="votes",
            title="Votes for a change",
            description="Statistics above their thresholds. The mail counts as changed when at "
            "least as many vote as are needed.",
            kind=Kind.BARS,
            unit=Unit.COUNT,
            series={"votes": "votes", "needed": "quorum"},
            limits=("needed",),
        ),
        Panel(
            key="models",
            title="Model in production",
            description="By the digest's first twelve digits; a step is a retraining, or a "
            "rollback.",
            kind=Kind.STATES,
            unit=Unit.TEXT,
            series={"model": "substr(model, 1, 12)"},
        ),
    ),
)
STATISTICS_SECTION = Section(
    "Statistics against their thresholds",
    (
        Panel(
            key="ratios",
            title="How many times its threshold",
            description="All statistics on one scale: above 1 a statistic votes for a change.",
            kind=Kind.LINES,
            unit=Unit.NUMBER,
            series={**_each("ratio"), "threshold": "1.0"},
            limits=("threshold",),
        ),
        Panel(
            key="effects",
            title="How many times the usual difference",
            description="The usual one is that between windows of the model's own reference. A "
            "change matters where enough statistics are above the floor.",
            kind=Kind.LINES,
            unit=Unit.NUMBER,
            series={**_each("effect"), "floor": "effect_floor"},
            limits=("floor",),
        ),
        *_VALUES,
    ),
)
PREDICTIONS = Section(
    "Predictions",
    (
        Panel(
            key="volume",
            title="Messages scored",
            description="In each window, by the model's verdict.",
            kind=Kind.STACKED,
            unit=Unit.COUNT,
            series={
                "ham": "round(messages * (1 - predicted_spam_share))",
                "spam": "round(messages * predicted_spam_share)",
            },
        ),
        Panel(
            key="spam-share",
            title="Share called spam",
            description="A jump without drift is a change of how much spam there is, not of what "
            "it looks like.",
            kind=Kind.LINES,
            unit=Unit.SHARE,
            series={"called spam": "predicted_spam_share"},
            colour=1,
        ),
    ),
)
QUALITY = Section(
    "Realised quality, where people have labelled the mail",
    (
        Panel(
            key="log-loss",
            title=f"Realised {LOG_LOSS.heading}",
            description="Against the same model's on its holdout. Where it lies surely above the "
            "limit, the change hurts, and so matters.",
            kind=Kind.LINES,
            unit=Unit.NUMBER,
            series={
                "realised": "realised_log_loss",
                "surely": "holdout_log_loss + realised_log_loss_rise_low",
                "on its holdout": "holdout_log_loss",
                "limit": "holdout_log_loss + max_log_loss_rise",
            },
            limits=("limit",),
        ),
        Panel(
            key="loss",
            title=f"Realised {ONE_MINUS_AUC.heading}",
            description="Against the same model's on its holdout.",
            kind=Kind.LINES,
            unit=Unit.PERCENT,
            series={
                "realised": "realised_one_minus_auc_percent",
                "low end of its interval": "realised_one_minus_auc_percent_low",
                "on its holdout": "holdout_one_minus_auc_percent",
            },
        ),
        Panel(
            key="caught",
            title="Spam caught",
            description="Recall where 1 % of the ham is lost, and F1 of the verdicts as given.",
            kind=Kind.LINES,
            unit=Unit.SHARE,
            from_zero=False,
            series={
                "recall at 1 % ham lost": "realised_spam_recall_at_1_percent",
                "F1": "realised_f1",
            },
        ),
    ),
)
RETRAININGS = Panel(
    key="retrainings",
    title="Changes of the model in production",
    description="The first window that each model scored, and the verdict on the window before.",
    kind=Kind.TABLE,
    unit=Unit.TEXT,
    query=LATEST + 'SELECT window_from AS "first window from", window_to AS "to",\n'
    '  substr(model, 1, 12) AS "model", substr(model_before, 1, 12) AS "took over from",\n'
    '  decision_before AS "verdict on the window before"\n'
    "FROM latest WHERE model <> model_before ORDER BY window_to DESC, window_from DESC LIMIT 200",
)
LAST_VERDICTS = Panel(
    key="last-verdicts",
    title="Last verdicts",
    description="The newest first, whatever range is shown; a window that a later model scored "
    "again has a row for each.",
    kind=Kind.TABLE,
    unit=Unit.TEXT,
    query='SELECT window_from AS "from", window_to AS "to", decision AS "verdict",\n'
    '  votes AS "votes", messages AS "messages", predicted_spam_share AS "called spam",\n'
    f'  realised_one_minus_auc_percent AS "{ONE_MINUS_AUC.title}",'
    ' substr(model, 1, 12) AS "model",\n'
    f'  reason AS "because"\nFROM {TABLE}\n'
    "ORDER BY window_to DESC, window_from DESC, model LIMIT 500",
    units={
        "votes": Unit.COUNT,
        "messages": Unit.COUNT,
        "called spam": Unit.SHARE,
        ONE_MINUS_AUC.title: Unit.NUMBER,
    },
)
SECTIONS = (
    VERDICTS,
    STATISTICS_SECTION,
    PREDICTIONS,
    QUALITY,
    Section("Tables", (RETRAININGS, LAST_VERDICTS)),
)
PANELS = tuple(panel for section in SECTIONS for panel in section.panels)
