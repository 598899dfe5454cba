"""Moonshine tiny on onnxruntime, decoded along a grammar."""
