"""Whether bytes are a tf.train.Example at all.

TensorFlow's parser trusts the lengths in front of strings and of packed floats: one that reaches beyond the end makes
it allocate gigabytes, or crash the process. `decode_proto` checks lengths, but one level of messages at a time.
"""

from typing import Any

import tensorflow as tf
from google.protobuf import descriptor_pb2


def check_framing(serialized: tf.Tensor) -> Any:
    """An operation that reads the lengths in serialized tf.train.Examples `[B]`, outside in, but not the integers.

    Its cost, and the memory it needs, are linear in the bytes. tf.errors.DataLossError: a length reaches too far.
    """
    examples = tf.concat([serialized, [""]], axis=0)  # `decode_proto` wants at least one.
    (features,) = _submessages(examples, 1)
    (entries,) = _submessages(features, 1)
    (values,) = _submessages(entries, 2)
    levels = [
        examples,
        features,
        entries,
        values,
        *_submessages(values, 1, 2),
    ]  # The last: lists of strings, of floats.
    counts = tf.stack([tf.shape(_decode(messages, []).sizes)[0] for messages in levels])
    # True: but a mere control dependency on `decode_proto`, which has no side effects, would be optimized away.
    return tf.raw_ops.Assert(condition=tf.reduce_all(counts > 0), data=[""])


def _submessages(messages: tf.Tensor, *fields: int) -> list[tf.Tensor]:
    """What the fields with these numbers hold, in all messages `[N]` together: strings `[n]` each, and an empty one."""
    # Messages put after each other are one message with all their fields: one row, and hence no padding.
    together = tf.strings.reduce_join(messages) + _EMPTY_FIELDS
    names = [f"f{field}" for field in fields]
    return [tf.squeeze(values, 0) for values in _decode(together[tf.newaxis], names).values]


def _decode(messages: tf.Tensor, fields: list[str]) -> Any:
    return tf.raw_ops.DecodeProtoV2(
        bytes=messages,
        message_type="gnnkit.Frame",
        field_names=fields,
        output_types=[tf.string] * len(fields),
        descriptor_source=_DESCRIPTOR_SOURCE,
    )


def _descriptor_source() -> bytes:
    """`message Frame { repeated bytes f1 = 1; repeated bytes f2 = 2; }`"""
    files = descriptor_pb2.FileDescriptorSet()
    message = files.file.add(name="frame.proto", package="gnnkit").message_type.add(name="Frame")
    kind = descriptor_pb2.FieldDescriptorProto
    for number in (1, 2):
        message.field.add(name=f"f{number}", number=number, type=kind.TYPE_BYTES, label=kind.LABEL_REPEATED)
    return b"bytes://" + files.SerializeToString(deterministic=True)


_EMPTY_FIELDS = b"\x0a\x00\x12\x00"
_DESCRIPTOR_SOURCE = _descriptor_source()
