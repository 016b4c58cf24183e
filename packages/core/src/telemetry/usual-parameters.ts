/** What apps, campaigns and scripts that get past caches call their parameters: as everybody does, so that it says nothing of anybody. */
const USUAL = new Set(
  [
    '_ t ts time timestamp cb cachebuster cache_buster nocache no_cache bust rand random rnd nonce r v ver version rev hash build',
    'q s query search term keyword keywords k filter filters sort sort_by orderby order dir direction group fields include expand',
    'page p per_page perpage page_size pagesize limit offset start skip take size count from to after before cursor next',
    'lang language locale hl country region city currency tz theme device view mode format type category cat tag tags kind status',
    'id ids key slug name user user_id userid uid account tenant email token access_token auth apikey api_key sig signature expires',
    'sid session session_id sessionid phpsessid jsessionid csrf state code callback jsonp redirect return return_to url',
    'date day month year since until lat lng lon long zoom bbox radius x y w h width height dpr quality',
    'ref referrer referer source src medium campaign aff affiliate partner click_id clickid cid preview draft debug variant share',
    'utm_source utm_medium utm_campaign utm_term utm_content utm_id gclid gclsrc dclid gbraid wbraid fbclid msclkid ttclid twclid',
    'yclid ysclid srsltid irclickid igshid mc_cid mc_eid li_fat_id epik rdt_cid s_kwcid vero_id _ga _gl _ke _hsenc _hsmi',
  ].flatMap((names) => names.split(' ')),
);

/** Whether a parameter of a query has a name that many have, in any case. */
export function isUsualParameter(name: string): boolean {
  return USUAL.has(name.toLowerCase());
}
