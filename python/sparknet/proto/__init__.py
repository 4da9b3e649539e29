"""Protobuf messages generated from caffe.proto: ``from sparknet.proto import caffe_pb2``."""
