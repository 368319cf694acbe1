"""Starts the sample service."""

from imigr_kit.launch import launch

if __name__ == "__main__":
    launch("sample.service:SampleService")
