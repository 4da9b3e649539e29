"""Spark clusters with SparkNet on EC2: ``ec2/spark-ec2``."""
