"""Probabilities -> the answer: one class, one of two, or not sure."""

_SHARE_OF_SECOND = 0.25  # the second class is part of the answer if it is at least this share of the first


def decide(probabilities: dict[str, float], thresholds: dict) -> tuple[str, ...]:
    """One class, or two, or none.

    Parameters
    ----------
    probabilities : dict[str, float]
    thresholds : dict
        ``one``: name of a class -> least probability at which it is the answer by itself;
        ``two``: least sum of the two highest probabilities at which the answer is one of the two.

    Returns
    -------
    tuple of str
        The more likely class first. A model with two classes never answers both: that would say nothing.
    """
    first, *others = rank(probabilities)
    if probabilities[first] >= thresholds["one"][first]:
        return (first,)
    if len(others) < 2 or not shares(probabilities[first], probabilities[others[0]]):
        return ()
    return (first, others[0]) if probabilities[first] + probabilities[others[0]] >= thresholds["two"] else ()


def decide_kind(
    decision: tuple[str, ...], kinds: dict[str, float], thresholds: dict[str, dict[str, float]]
) -> str | None:
    """The kind within the class, if it is sure enough.

    Parameters
    ----------
    decision : tuple of str
        As from `decide`; there is no kind unless it is one class.
    kinds : dict[str, float]
        Probability of each kind of that class.
    thresholds : dict
        Name of a class -> kind -> least probability at which it is named; 1 or more: never.
    """
    if len(decision) != 1 or not kinds:
        return None
    kind = max(kinds, key=kinds.get)
    return kind if kinds[kind] >= thresholds[decision[0]][kind] else None


def rank(probabilities: dict[str, float]) -> list[str]:
    """Names of the classes, most probable first."""
    return sorted(probabilities, key=probabilities.get, reverse=True)


def shares(first, second):
    """Whether the second most likely class is close enough to the first; numbers or arrays."""
    return second >= _SHARE_OF_SECOND * first


def verdict(prediction, classifier) -> tuple[str, str]:
    """The decision in words, and the reason if it is not one class.

    Parameters
    ----------
    prediction : Prediction
    classifier : Classifier
        The one that made it: its titles and thresholds are used.

    Returns
    -------
    headline, reason : str
        "Snare" or "Cymbal (crash)", ""; or "Clap or snare" or "Not sure" with a sentence.
    """
    titles, thresholds = classifier.titles, classifier.thresholds
    if prediction.is_sure:
        return full_title(classifier, prediction.label, prediction.kind), ""
    first, *others = prediction.ranking
    likely = [f"{titles[k]} ({format_percent(prediction.probabilities[k])})" for k in (first, *others)]
    if prediction.decision:
        headline = f"{titles[first]} or {titles[others[0]].lower()}"
        return headline, f"It cannot decide between {likely[0]} and {likely[1]}."
    least = format_percent(thresholds["one"][first])
    reason = (
        f"Most likely {likely[0]}, then {likely[1]}. It only answers {titles[first]} when it is at least {least} sure."
    )
    return "Not sure", reason


def full_title(classifier, label: str, kind: str | None) -> str:
    """What to call a class on screen, with its kind if that is known: "Cymbal (crash)"."""
    title = classifier.titles[label]
    return f"{title} ({classifier.kind_titles[kind].lower()})" if kind else title


def format_percent(probability: float) -> str:
    """0.973 -> "97%"; never 0% or 100%, since no model can be that sure."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"


class Decided:
    """What a `Prediction` and a row of a batch share: probabilities, and the decision made from them."""

    label: str | None
    probabilities: dict[str, float] | None
    decision: tuple[str, ...]
    kinds: dict[str, float]
    kind: str | None

    @property
    def is_sure(self) -> bool:
        """Whether the decision is the label alone."""
        return len(self.decision) == 1

    @property
    def probability(self) -> float:
        """Probability of the label."""
        return self.probabilities[self.label]

    @property
    def kind_probability(self) -> float | None:
        """Probability of the kind; None without one."""
        return self.kinds[self.kind] if self.kind else None

    @property
    def ranking(self) -> list[str]:
        """Names of the classes, most probable first."""
        return rank(self.probabilities)
