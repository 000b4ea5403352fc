"""The page. Reads widgets, calls drumclf, draws; read `main` from top to bottom.

Streamlit runs this file anew after every click. Before it does, it calls the callback of the widget that was clicked
(``on_click``, ``on_change``): those are in page/inputs.py and page/chosen.py, and all they do is change the session's
state, whose keys are listed in page/chosen.py. Then `main` draws the page from that state.
"""

import gc
from pathlib import Path

import streamlit as st

from page.chosen import the_chosen
from page.inputs import back_to_pack, choose_example, choose_files, record
from page.memory import forget_in_time
from page.words import apologising

HERE = Path(__file__).parent
state = st.session_state


def main() -> None:
    """One run of the page. It keeps uploads only in local variables, so nothing of them stays when the visitor goes."""
    st.set_page_config(
        page_title="drumclf: what drum is it?", page_icon=str(HERE / ".streamlit" / "icon.png"), layout="wide"
    )
    st.html(HERE / "page" / "look.css")
    forget_in_time()
    page = st.container(horizontal_alignment="center").container(width=1240)
    with page:
        show_top()
        panes = st.container(key="panes")
        inputs, result = panes.container(key="inputs"), panes.container(key="result")
    with inputs:
        choose_example()
        ways = st.container(key="ways")
        with ways:
            choose_files()
            record()
    with result, apologising():
        show_result()
    settle()


def show_top() -> None:
    """The logo, and a button that opens the report card."""
    top = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    top.html(HERE / "page" / "brand.html", width="content")
    if top.button("How good is it?", type="tertiary", icon=":material/fact_check:"):
        from page.report_card import show_report

        with apologising():
            show_report()


def show_result() -> None:
    """What was chosen: a pack, one sound, two side by side, or nothing yet."""
    # Imported here: the drawing code takes a second to import, and the widgets need not wait for it.
    from page.answers import the_classifier
    from page.sound import show_sounds

    pack, kept, chosen = state.get("pack"), state.get("kept"), the_chosen()
    if chosen is not None or kept is not None:
        if pack is not None:
            st.button("Back to your pack", icon=":material/arrow_back:", type="tertiary", on_click=back_to_pack)
        show_sounds(kept, chosen, the_classifier())
    elif pack is not None:
        from page.pack.browse import show_pack

        with st.container(key="pack"):
            show_pack(pack, the_classifier())
    else:
        st.title("What drum is it?", anchor=False)
        st.markdown("Click a sound, drop your own or record one. A neural network says what it is, and how sure.")
        st.html(HERE / "page" / "hero.html")
        the_classifier()  # loads while the visitor reads


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Once per server, after its first visitor has been served: import the rest, and exempt it all from collection.

    Streamlit collects garbage after every run of the page. Imported modules are never garbage, but scanning them takes
    a tenth of a second during which nothing else can run.
    """
    import page.pack.browse
    import page.report_card  # noqa: F401
    from page.answers import slicer

    slicer()
    gc.collect()
    gc.freeze()


main()
