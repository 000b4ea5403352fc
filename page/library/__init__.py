"""The rooms of the library: the page of the sounds on this computer."""
