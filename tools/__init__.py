"""What measures, checks and photographs; nothing of it is served, nothing of it trains."""
