//! The configuration of a web server that knows the addresses that apps ask for: nginx as Debian gives it.

use std::path::Path;

use super::Wanted;

/// What becomes of the places in [`TEMPLATE`].
const PLACES: [&str; 5] = ["{known}", "{current}", "{streams}", "{user}", "{prefix}"];

/// For those who may serve the whole: to be included in `http { }`.
const TEMPLATE: &str = r#"# Serves this export at the addresses that apps ask for, with nginx alone. Made by `coax export`, and made anew by the
# next: include it in http { }, or copy it. Name and password of whom it was made for are in it.

# Who may have something. Others may be named here as well: the lists are the same for everybody.
map "$arg_username:$arg_password" $coax_known {
    default 0;
{known}}

# SECURITY: what a client writes becomes the name of a file, so nothing is taken but what is known, and numbers.
map $arg_action $coax_action {
    default account;
    200 get_vod_categories;
    201 get_live_categories;
    202 get_live_streams;
    203 get_vod_streams;
    204 get_series_info;
    205 get_short_epg;
    206 get_series_categories;
    207 get_simple_data_table;
    208 get_series;
    209 get_vod_info;
    get_epg get_short_epg;
    ~^get_(live|vod|series)_categories$ $arg_action;
    ~^get_(live_streams|vod_streams|series)$ $arg_action;
    ~^get_(vod_info|series_info|short_epg|simple_data_table)$ $arg_action;
}
map $arg_category_id $coax_category { default none; "" all; 0 all; "*" all; "%2A" all; all all; "~^[1-9][0-9]{0,9}$" $arg_category_id; }
map $arg_vod_id $coax_film { default none; "~^[1-9][0-9]{0,9}$" $arg_vod_id; }
map $arg_series_id $coax_series { default none; "~^[1-9][0-9]{0,9}$" $arg_series_id; }
map $arg_stream_id $coax_channel { default none; "~^[1-9][0-9]{0,9}$" $arg_stream_id; }
map $coax_action $coax_answer {
    default player_api/$coax_action/all;
    account {user}/account;
    ~^get_(live_streams|vod_streams|series)$ player_api/$coax_action/$coax_category;
    get_vod_info player_api/$coax_action/$coax_film;
    get_series_info player_api/$coax_action/$coax_series;
    ~^get_(short_epg|simple_data_table)$ player_api/$coax_action/$coax_channel;
}
# Apps want to read in a document that they may not have the account, and a 2xx that is no list would empty their library.
map "$coax_known:$coax_action" $coax_refused { default 0; "0:account" 200; ~^0: 403; }
map $arg_type $coax_type { default m3u_plus; m3u m3u; }
map $arg_output $coax_output { default ts; m3u8 m3u8; hls m3u8; }

server {
    listen 8080;
    root {current};
    gzip_static on; # what is compressed lies beside what is not, as .gz (and as .zst, for servers that know zstd)
    gzip_vary on;
    absolute_redirect off;
    merge_slashes on;
    types { }
    add_header Access-Control-Allow-Origin *;
    add_header X-Content-Type-Options nosniff;
    # A static file cannot be posted to; apps that post write name and password into the address all the same.
    error_page 405 =200 $uri;

    location ~ ^{prefix}/player_api(\.php)?/?$ {
        if ($coax_refused = 200) { return 200 '{"user_info":{"auth":0}}'; }
        if ($coax_refused = 403) { return 403 '{"user_info":{"auth":0}}'; }
        default_type "application/json; charset=utf-8";
        add_header Access-Control-Allow-Origin *;
        add_header Cache-Control "private, max-age=60";
        try_files /$coax_answer.json /player_api/$coax_action/none.json =404;
    }
    location ~ ^{prefix}/(get|playlist)(\.php)?/?$ {
        if ($coax_known = 0) { return 403 '{"user_info":{"auth":0}}'; }
        default_type "audio/x-mpegurl; charset=utf-8";
        add_header Access-Control-Allow-Origin *;
        add_header Cache-Control no-store;
        try_files /{user}/$coax_type.$coax_output.m3u =404;
    }
    location ~ ^{prefix}/(xmltv|epg)(\.php)?/?$ {
        if ($coax_known = 0) { return 403 '{"user_info":{"auth":0}}'; }
        if ($arg_gzip = 1) { rewrite ^ /guide.xml.gz last; }
        default_type "application/xml; charset=utf-8";
        add_header Access-Control-Allow-Origin *;
        add_header Cache-Control "private, max-age=60";
        try_files /guide.xml =404;
    }
    location = /guide.xml.gz {
        internal;
        default_type application/gzip;
        add_header Access-Control-Allow-Origin *;
        add_header Cache-Control "private, max-age=60";
    }
    # Whoever has got an address of a stream here is sent to where streams are. There the password is checked.
    # SECURITY: nginx matches what it has decoded, and repeats it: nothing is taken but what shows and is no blank, so that
    # nobody ends the line and writes headers of his own.
    location ~ ^{prefix}(/(live|movie|series|timeshift)/[!-~]+|/[!-.0-~]+/[!-.0-~]+/[0-9]+(\.[a-z0-9]+)?)$ {
        return 302 "{streams}$1$is_args$args";
    }
    location / { return 404; }
}
"#;

/// The configuration for an export at `current`, which has the files of the user in `folder`.
pub(super) fn config(current: &Path, wanted: &Wanted, folder: Option<&str>) -> String {
    let known = match &wanted.viewer {
        Some((name, password)) => {
            // Of letters, digits, `.`, `_` and `-`, and no key of a hash, in which long ones have no room.
            let pair = format!("{name}:{password}").replace('.', "\\.");
            format!("    \"~^{pair}$\" 1;\n")
        }
        None => String::new(),
    };
    let user = folder.unwrap_or("none");
    let current = format!("\"{}\"", current.display());
    let prefix = wanted.url.path().replace('.', "\\.");
    let values = [&*known, &*current, wanted.streams.as_str(), user, &*prefix];
    PLACES.iter().zip(values).fold(TEMPLATE.to_owned(), |text, (place, value)| text.replace(place, value))
}
