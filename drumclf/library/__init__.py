"""A library: the sounds in folders of this computer, heard once and then found by their sound."""
