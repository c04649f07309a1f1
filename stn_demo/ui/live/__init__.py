"""The path of a live question: request (validated), batcher, engine, networks, codec, socket."""
