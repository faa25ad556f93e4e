"""What ipytv makes of a playlist on standard input: as JSON, for tests/programs/clients.rs."""
import json
import sys

from ipytv import playlist

found = playlist.loads(sys.stdin.read())
keys = ["tvg-id", "tvg-name", "tvg-logo", "group-title"]
print(json.dumps({
    "guide": found.get_attributes().get("url-tvg"),
    "entries": [
        [each.name, each.url] + [each.attributes.get(key, "") for key in keys] for each in found.get_channels()
    ],
}))
