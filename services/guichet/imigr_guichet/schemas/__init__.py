"""Wire to domain and back: what RPC methods take and give."""
