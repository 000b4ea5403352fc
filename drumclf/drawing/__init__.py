"""Pictures of sounds and of reports, with Matplotlib, and the colors of waveforms."""
