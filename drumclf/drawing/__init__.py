"""Pictures of sounds and reports, drawn with Matplotlib, and the colours of waveforms."""
