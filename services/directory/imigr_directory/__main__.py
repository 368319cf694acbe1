"""Starts the directory service."""

from imigr_kit.launch import launch

if __name__ == "__main__":
    launch("imigr_directory.service:DirectoryService")
