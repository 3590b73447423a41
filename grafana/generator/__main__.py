"""Writes every board as JSON into the folder given, or `dashboards` beside this package, and removes what is no board's."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from .boards import ALL

_DEFAULT = Path(__file__).parents[1] / "dashboards"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for board in ALL:
        text = json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        path = folder / f"{board.uid}.json"
        path.write_text(text + "\n", encoding="utf-8")
        written.add(path)
    for path in folder.glob("*.json"):
        if path not in written:
            path.unlink()


if __name__ == "__main__":
    main()
