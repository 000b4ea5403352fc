"""The page of your own library: the sounds in folders of this computer."""
