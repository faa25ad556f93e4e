"""What pyxtream, which is in Hypnotix too, makes of a server: as JSON, for tests/programs/clients.rs.

    panel.py ADDRESS USERNAME PASSWORD
"""
import base64
import contextlib
import json
import sys
import tempfile

from pyxtream import XTream, pyxtream

# What does not fit the schema of the library is printed there, and taken all the same.
misfits = []
validate = pyxtream.schemaValidator


def validator(document, schema):
    # Its schema has this flag as a text, and clients with types of their own as a number, which it takes all the same.
    if "is_adult" in document:
        document = {**document, "is_adult": str(document["is_adult"])}
    fits = validate(document, schema)
    if not fits:
        misfits.append([str(schema), document])
    return fits


def text(value):
    return base64.b64decode(value, validate=True).decode()


def listings(answer):
    return [[each["start_timestamp"], text(each["title"])] for each in answer["epg_listings"]]


def read(address, username, password, cache):
    client = XTream("it", username, password, address, cache_path=cache, reload_time_sec=0, validate_json=True)
    client.authenticate()
    assert client.account_expiration.days > 0, "an account that never expires"
    assert client.load_iptv(), "the lists are not taken"
    channel = next(each for each in client.channels if each.epg_channel_id)
    film, series = client.movies[0], client.series[0]
    # Its own vodInfoByID hands an address on as a time-out.
    facts = client._get_request(f"{client.base_url}&action=get_vod_info&vod_id={film.id}")
    client.get_series_info_by_id(series)
    # The library adds one of its own to each kind, for what is in none.
    groups = [group for group in client.groups if group.name != "xEverythingElse"]
    episodes = [episode for season in series.seasons.values() for episode in season.episodes.values()]
    return {
        "categories": [group.name for group in groups],
        "channels": [[str(each.id), each.name] for each in client.channels],
        "films": [[str(each.id), each.name] for each in client.movies],
        "series": [[str(each.series_id), each.name] for each in client.series],
        "grouped": sum(len(group.channels) + len(group.series) for group in groups),
        "film": [str(facts["movie_data"]["stream_id"]), facts["info"]["name"]],
        "episodes": [[str(each.id), each.title] for each in episodes],
        "channel": str(channel.id),
        "on": listings(client.liveEpgByStream(channel.id)),
        "all": listings(client.allLiveEpgByStream(channel.id)),
        "play": [channel.url, film.url, episodes[0].url],
    }


if __name__ == "__main__":
    pyxtream.schemaValidator = validator
    with tempfile.TemporaryDirectory() as cache, contextlib.redirect_stdout(sys.stderr):  # the library talks
        told = read(*sys.argv[1:], cache)
    assert not misfits, misfits[:3]
    print(json.dumps(told))
