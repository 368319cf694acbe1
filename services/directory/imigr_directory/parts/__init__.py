"""RPC methods of the directory by room; the service class is made of them."""
