"""The page of your own library: the sounds in folders of this computer.

The keys of the session's state that only it has, as in page/chosen.py, with modules of this package:

key           | value                                              | written in           | read in
------------- | -------------------------------------------------- | -------------------- | ----------------------
catalogue     | `Catalogue` that `current` is an index of          | holdings     | holdings
class         | class that is shown, or "any"                      | filters, like | filters
page          | which part of the table is shown, from 0           | browse, keys | browse, keys
asked for     | (`Wanted`, `Like`): other ones begin at the first sound | browse | browse
place         | (sound that is shown, its label then, its place then) | browse, keys | keys
ticked        | set of the files that are ticked, in all tables    | browse, holdings | browse, holdings
asking        | whether the sound to search for is being chosen    | browse, like |
keys          | whether keys do what the buttons do                | browse       | keys
like          | `Like`: what others are to be like, or None        | like         | like
asked         | how often the widgets that ask for it were replaced | like        | like
library map   | {"clicked": index of the sound that was clicked}   | map                  | map
map points    | (of what, what the map draws)                      | map                  | map
sort plan     | `Shown`: the plan that is on the page              | sorting      | sorting
sort wanted   | `Plan` that was clicked, until it is carried out   | sorting      | sorting
undo wanted   | whether undo was clicked, until it is done         | sorting      | sorting
sort outcome  | `Outcome` of the last of these clicks, or None     | sorting      | sorting
"""
