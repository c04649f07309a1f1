"""The path of a request: request (validation), batcher, engine, networks, codec, socket."""
