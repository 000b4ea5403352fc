"""From a folder of labelled sounds to ``model/``, and from there to the report. The page never imports it."""
