"""The report card: how good the model is, as measured by ``make report``."""

import streamlit as st

from drumclf.drawing.ink import DARK, LIGHT, to_png
from drumclf.drawing.report_figures import draw_confusion, draw_coverage, draw_reliability
from drumclf.model_folder import chosen_folder, read_metadata
from drumclf.report import (
    headline_figures,
    kind_table,
    read_report,
    recall_table,
    say_confusion,
    say_coverage,
    say_decisions,
    say_figures,
    say_held_out,
    say_reliability,
    say_training,
    unseen_part,
)

# The figures to see first: one row, or two by two on a narrow screen.
FIGURES = """
<style>
.st-key-figures { display: grid; grid-template-columns: repeat(4, auto); justify-content: start; gap: 16px 48px; }
@media (max-width: 760px) { .st-key-figures { grid-template-columns: 1fr 1fr; justify-content: stretch; gap: 16px; } }
</style>
"""

# Widths in pixels, if there is room.
PLOT = 460
MATRIX = 560


@st.dialog("How good is it?", width="large")
def show_report() -> None:
    """The report card in a dialog."""
    report = read_report(chosen_folder(), read_metadata())
    scores, training, titles = (report["drumclf"][key] for key in ("scores", "training", "titles"))
    if not scores:
        st.markdown("No sounds were held out, so this model has no scores.")
        return
    valid = scores["valid"]
    st.markdown(say_held_out(report["drumclf"]))
    pictures = draw_report(titles, scores, st.context.theme.type == "dark")
    st.html(FIGURES)
    with st.container(key="figures"):
        for title, (value, low, high) in headline_figures(report).items():
            interval = f"{low:.1%} to {high:.1%}"
            st.metric(title, f"{value:.1%}", interval, delta_color="off", delta_arrow="off", width="content")
    st.caption(say_figures(report))
    kinds = kind_table(report["drumclf"])
    names = ["By class", *(["By kind"] if kinds else []), "Confusions", "How honest", "Where it fails", "Trained on"]
    by_class, *by_kind, confusions, honesty, failures, data = st.tabs(names)
    for tab in by_kind:
        with tab:
            show_table(kinds)
            st.caption(
                "On sounds not used for any tuning. Recognised: the kind is the most likely one within its class. "
                "Named: how often the model was sure enough to say it. Right: how many of those are of that kind."
            )
    with by_class:
        show_table(recall_table(report))
        note = " “Fixed” is the 2023 demo with its input-scaling bug removed." if "original, fixed" in report else ""
        st.caption(f"Share of each class recognised, among all classes or the core five.{note}")
    with confusions:
        alt = f"Confusion matrix. {say_confusion(valid['all'], titles)}"
        st.container(width=MATRIX).image(pictures["confusion"], alt=alt, width="stretch")
    with honesty:
        plots = st.container(horizontal=True, gap="medium")
        unseen = unseen_part(scores)
        with plots.container(width=PLOT):
            st.markdown("**When it says 80%, is it right 80% of the time?**")
            alt = f"Reliability. {say_reliability(unseen['reliability'])}"
            st.image(pictures["reliability"], alt=alt, width="stretch")
        if "coverage" in pictures:
            with plots.container(width=PLOT):
                st.markdown("**The fewer sounds it answers, the more answers are right**")
                alt = f"Right over answered, core five. {say_coverage(unseen['core']['coverage'])}"
                st.image(pictures["coverage"], alt=alt, width="stretch")
        st.markdown(say_decisions(scores))
    with failures:
        st.markdown("Lowest accuracy by source (who published the kits):")
        rows = [{"source": s["source"], "sounds": s["n_sounds"], "right": s["accuracy"]} for s in valid["sources"][:8]]
        show_table(rows)
        if "robustness" in report:
            st.markdown("How often the label stays the same when the file is changed:")
            rows = [
                {"change": name, "same label": row["kept"], "if it was sure": row["kept_if_sure"]}
                for name, row in report["robustness"].items()
            ]
            show_table(rows)
    with data:
        st.markdown(say_training(training))
        st.dataframe(
            [{"class": titles[k], "sounds": n} for k, n in training["sounds"].items()], hide_index=True, width="stretch"
        )


@st.cache_data(show_spinner=False)
def draw_report(titles: dict[str, str], scores: dict, dark: bool) -> dict[str, bytes]:
    """The figures of the report card as PNG files."""
    ink = DARK if dark else LIGHT
    unseen = unseen_part(scores)
    pictures = {
        "confusion": to_png(draw_confusion(scores["valid"]["all"], titles, ink)),
        "reliability": to_png(draw_reliability(unseen["reliability"], ink)),
    }
    if "core" in unseen:
        pictures["coverage"] = to_png(draw_coverage(unseen["core"]["coverage"], ink))
    return pictures


def show_table(rows: list[dict]) -> None:
    """A table; fractions are shown in percent."""
    shares = {name for row in rows for name, value in row.items() if isinstance(value, float)}
    cells = [{name: _percent(value) if name in shares else value for name, value in row.items()} for row in rows]
    columns = {name: st.column_config.TextColumn(alignment="right") for name in shares}
    st.dataframe(cells, hide_index=True, width="stretch", column_config=columns)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
