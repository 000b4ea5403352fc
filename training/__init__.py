"""From a folder of labelled sounds to ``model/``, and from there to the report. Never imported by the page."""
