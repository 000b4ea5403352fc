"""Which drum is it? A classifier of drum one-shots with calibrated probabilities.

>>> from drumclf import load_classifier
>>> classifier = load_classifier()
>>> prediction = classifier.classify("kick.wav")
>>> prediction.label, prediction.probabilities["kick"]

Everything that the documentation imports comes from here. Where the code is: ``docs/architecture.md``.
"""

TYPE_CHECKING = False  # what type checkers take for true; `typing` takes 20 ms to import

if TYPE_CHECKING:
    from drumclf.audio import AudioError as AudioError
    from drumclf.classifier import Classifier as Classifier
    from drumclf.classifier import Prediction as Prediction
    from drumclf.classifier import load_classifier as load_classifier
    from drumclf.clips import Channels as Channels
    from drumclf.clips import Clip as Clip
    from drumclf.cluster.run import ClusterError as ClusterError
    from drumclf.cluster.run import classify_on_cluster as classify_on_cluster
    from drumclf.decision import verdict as verdict
    from drumclf.explain import grad_cam as grad_cam
    from drumclf.explain import nearest as nearest
    from drumclf.hits.files import cut_hits as cut_hits
    from drumclf.hits.files import hit_files as hit_files
    from drumclf.hits.find import Hit as Hit
    from drumclf.hits.find import Recording as Recording
    from drumclf.hits.find import find_hits as find_hits
    from drumclf.hits.find import find_hits_in as find_hits_in
    from drumclf.model_folder import ModelError as ModelError
    from drumclf.names import unescaped as unescaped
    from drumclf.processes.decoders import separate_reader as separate_reader
    from drumclf.processes.slicer import Slicer as Slicer
    from drumclf.processes.slicer import separate_slicer as separate_slicer
    from drumclf.traits import find_traits as find_traits
    from drumclf.traits import supporting_traits as supporting_traits

__version__ = "0.2.0"

_HOMES = {
    "AudioError": "audio",
    "Channels": "clips",
    "Clip": "clips",
    "Classifier": "classifier",
    "Prediction": "classifier",
    "load_classifier": "classifier",
    "ClusterError": "cluster.run",
    "classify_on_cluster": "cluster.run",
    "verdict": "decision",
    "grad_cam": "explain",
    "nearest": "explain",
    "cut_hits": "hits.files",
    "hit_files": "hits.files",
    "Hit": "hits.find",
    "Recording": "hits.find",
    "find_hits": "hits.find",
    "find_hits_in": "hits.find",
    "ModelError": "model_folder",
    "unescaped": "names",
    "separate_reader": "processes.decoders",
    "Slicer": "processes.slicer",
    "separate_slicer": "processes.slicer",
    "find_traits": "traits",
    "supporting_traits": "traits",
}
__all__ = [*_HOMES]


def __getattr__(name: str):
    """Import a public name when it is first used: numpy and the decoders take a quarter of a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
