"""The colours of the classes on the maps, in the order of the classes; with more classes they repeat."""

COLOURS = ["#e4572e", "#2e86de", "#f0a202", "#1fab89", "#8e44ad", "#a0522d", "#e377c2", "#7a8b2b", "#8a8f9c"]
