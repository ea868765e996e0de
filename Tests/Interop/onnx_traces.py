"""Traces that PyTorch's newer exporter leaves in a model."""


def without_traces(proto):
    """The model without stack traces, which have paths of this machine."""
    for part in [proto, proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.graph.initializer,
                 *proto.graph.input, *proto.graph.output]:
        del part.metadata_props[:]
        part.doc_string = ""
    return proto
