"""Entry point of `python -m mental_health_classifier`, which is the command `mhc`."""

from mental_health_classifier.cli.app import main

if __name__ == "__main__":
    main()
