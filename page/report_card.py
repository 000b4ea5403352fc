"""The report card: how good the model is, as ``make report`` measured it."""

import streamlit as st

from drumclf.model_folder import MODEL_FOLDER, read_metadata
from drumclf.plots import DARK, LIGHT, to_png
from drumclf.report_card import (
    draw_confusion,
    draw_coverage,
    draw_reliability,
    headline_figures,
    read_report,
    recall_table,
    say_confusion,
    say_coverage,
    say_decisions,
    say_judges,
    say_reliability,
    say_training,
    unseen_part,
)


@st.dialog("How good is it?", width="large")
def show_report() -> None:
    """The report card: everything from what ``make report`` measured."""
    report = read_report(MODEL_FOLDER, read_metadata(MODEL_FOLDER))
    scores, training, titles = (report["drumclf"][key] for key in ("scores", "training", "titles"))
    if not scores:
        st.markdown("No sounds were held out to judge this model.")
        return
    valid = scores["valid"]
    st.markdown(say_judges(report["drumclf"]))
    pictures = draw_report(titles, scores, st.context.theme.type == "dark")
    with st.container(horizontal=True, gap="large"):
        for title, (value, low, high) in headline_figures(report).items():
            interval = f"{low:.1%} to {high:.1%}"
            st.metric(title, f"{value:.1%}", interval, delta_color="off", delta_arrow="off", width="content")
    judged = ", on sounds that calibration did not see" if "report" in scores else ""
    st.caption(
        "Each class counts alike. Below: 95% intervals over kits. Calibration error: how far probabilities are from "
        f"how often they come true{judged}."
    )
    by_class, confusions, honesty, failures, data = st.tabs(
        ["By class", "Confusions", "How honest", "Where it fails", "Trained on"]
    )
    with by_class:
        show_table(recall_table(report))
        st.caption("Share recognised of each class, among all classes or the core five: the original knows only those.")
    with confusions:
        st.image(pictures["confusion"], alt=f"Confusion matrix. {say_confusion(valid['all'], titles)}", width=640)
    with honesty:
        left, right, _ = st.columns([2, 2, 1])
        unseen = unseen_part(scores)
        left.image(
            pictures["reliability"], alt=f"Reliability. {say_reliability(unseen['reliability'])}", width="stretch"
        )
        if "coverage" in pictures:
            alt = f"Right over answered, core five. {say_coverage(unseen['core']['coverage'])}"
            right.image(pictures["coverage"], alt=alt, width="stretch")
        st.markdown(say_decisions(scores))
    with failures:
        st.markdown("The sources (who published the kits) it hears worst:")
        rows = [{"source": s["source"], "sounds": s["n_sounds"], "right": s["accuracy"]} for s in valid["sources"][:8]]
        show_table(rows)
        if "robustness" in report:
            st.markdown("Labels kept when the file is changed:")
            rows = [
                {"change": name, "label kept": row["kept"], "where it was sure": row["kept_if_sure"]}
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
    """A table whose fractions are shares, in percent."""
    shares = {name for row in rows for name, value in row.items() if isinstance(value, float)}
    cells = [{name: _percent(value) if name in shares else value for name, value in row.items()} for row in rows]
    columns = {name: st.column_config.TextColumn(alignment="right") for name in shares}
    st.dataframe(cells, hide_index=True, width="stretch", column_config=columns)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
