"""How good the model is on unseen kits: ``make report``."""
