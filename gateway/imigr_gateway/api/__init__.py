"""The resources of /api/v1, a module per service behind them."""
