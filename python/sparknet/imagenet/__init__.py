"""Prepares ImageNet for training: ``python -m sparknet.imagenet --help``.

From the published archives, class folders or labelled images to tars of shuffled, resized
images and a label file, and from there to any file system that Hadoop knows.
"""
