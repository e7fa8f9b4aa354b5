"""The style sheet of the HTML report: light and dark by the reader's system, and for paper."""

from __future__ import annotations

#: One hue for each colour of a service, the same in light and dark.
HUES = (214, 152, 28, 272, 346, 186, 52, 310)

#: Each colour of words has a contrast of 4.5 to 1 or more to what is behind them.
_LIGHT = """
--page:#f6f7f9;--card:#fff;--ink:#1b2130;--quiet:#5b6579;--line:#e3e7ee;--code:#eef1f6;--accent:#3056d3;
--mapped:#1e7a50;--emulated:#2f66d0;--approximated:#946000;--inert:#667085;--dropped:#c73535;
--box:#fff;--edge:#d5dbe6;--wire:.5;--light:46%;--colour:62%;"""
_DARK = """
--page:#0f131b;--card:#171c27;--ink:#e6eaf2;--quiet:#94a0b5;--line:#283041;--code:#222938;--accent:#8fb0ff;
--mapped:#46c08a;--emulated:#6e9cff;--approximated:#e8ae4b;--inert:#8b95a9;--dropped:#f07272;
--box:#1d2432;--edge:#343e53;--wire:.6;--light:62%;--colour:60%;"""

_COLOURS = "".join(
    f".wire.c{index}{{stroke:hsl({hue} var(--colour) var(--light))}}"
    f".bar.c{index}{{fill:hsl({hue} var(--colour) var(--light))}}"
    for index, hue in enumerate(HUES)
)

STYLE = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--page);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC",sans-serif}}
header,main{{max-width:1180px;margin:0 auto;padding:0 28px}}
header{{padding-top:44px}}
main{{padding-bottom:64px}}
h1{{margin:0;font-size:34px;line-height:1.2;letter-spacing:-.02em;overflow-wrap:anywhere}}
h2{{margin:0 0 14px;font-size:19px;letter-spacing:-.01em}}
h3{{margin:22px 0 4px;font-size:15px}}
.from{{margin:0 0 6px;color:var(--accent);font-weight:600}}
.lead{{margin:8px 0 20px;color:var(--quiet);font-size:17px}}
.quiet{{color:var(--quiet)}}
p.quiet{{margin:0 0 12px;font-size:.93em}}
.fine{{color:var(--mapped);margin:0}}
section{{background:var(--card);border:1px solid var(--line);border-radius:14px;
padding:24px 26px;margin:20px 0}}
code,pre{{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace}}
code{{background:var(--code);border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}}
pre{{background:var(--code);border-radius:10px;padding:14px 16px;margin:0;overflow-x:auto;
white-space:pre-wrap}}
.bars{{display:flex;gap:3px;height:12px}}
.bars i{{border-radius:4px;background:var(--v);min-width:5px}}
.keys{{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;padding:0;margin:12px 0 28px}}
.keys li::before{{content:"";display:inline-block;width:9px;height:9px;border-radius:3px;background:var(--v);
margin-right:7px}}
.v-mapped{{--v:var(--mapped)}}.v-emulated{{--v:var(--emulated)}}.v-approximated{{--v:var(--approximated)}}
.v-inert{{--v:var(--inert)}}.v-dropped{{--v:var(--dropped)}}
.badge{{display:inline-block;border:1px solid var(--v);color:var(--v);border-radius:99px;padding:0 9px;
font-size:12px;font-weight:600;line-height:20px}}
.todo{{list-style:none;margin:0;padding:0}}
.todo label{{display:grid;grid-template-columns:18px 1fr auto;gap:12px;padding:9px 0;
border-top:1px solid var(--line)}}
.todo li:first-child label{{border-top:0;padding-top:0}}
.todo input{{margin:4px 0 0;accent-color:var(--accent)}}
.todo .error b{{color:var(--dropped)}}.todo .warning b{{color:var(--approximated)}}
.todo .info b{{color:var(--quiet)}}
.place{{color:var(--quiet);white-space:nowrap;
font:12px/1.8 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace}}
.scroll{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-size:14px}}
th{{text-align:left;color:var(--quiet);font-weight:600;font-size:12px;padding:0 16px 8px 0;
white-space:nowrap}}
td{{vertical-align:top;padding:7px 16px 7px 0;border-top:1px solid var(--line)}}
td .share{{display:inline-block;min-width:52px;font-variant-numeric:tabular-nums}}
.names td:first-child{{min-width:200px}}.names td:nth-child(3){{white-space:nowrap}}
.create{{color:var(--dropped);white-space:nowrap}}
ul{{margin:8px 0 0;padding-left:20px}}
li{{margin:3px 0}}
details{{border-top:1px solid var(--line);padding:12px 0}}
details:first-of-type{{border-top:0;padding-top:0}}
summary{{cursor:pointer}}
details .scroll{{margin-top:14px}}
figure{{margin:0 0 18px;overflow-x:auto}}
.routes{{display:block;width:100%;min-width:760px;height:auto;
font:13px system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}}
.routes text{{fill:var(--ink)}}
.routes .column{{font-weight:600;font-size:12px;fill:var(--quiet);letter-spacing:.04em}}
.routes .heading{{font-weight:600}}
.routes .small{{font-size:11.5px;fill:var(--quiet)}}
.routes .unlisted{{font-style:italic}}
.routes .share{{font-size:11.5px;font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px}}
.routes .box{{fill:var(--box);stroke:var(--edge)}}
.routes .upstream{{fill:var(--page)}}
.wire{{fill:none;stroke-opacity:var(--wire)}}
.wire.embedding{{stroke-dasharray:7 5}}.wire.spare{{stroke-dasharray:2 5;stroke-linecap:round}}
{_COLOURS}
@media (max-width:640px){{header,main{{padding-left:14px;padding-right:14px}}section{{padding:18px 16px}}}}
@media print{{
:root{{{_LIGHT}--page:#fff}}
@page{{margin:14mm 12mm}}
body{{font-size:11px}}
header,main{{max-width:none;padding:0}}
h1{{font-size:26px}}
section{{border:0;border-radius:0;padding:0;margin:22px 0}}
h2,summary,thead{{break-after:avoid}}
tr,li,figure{{break-inside:avoid}}
table{{font-size:10.5px}}
code,pre,.place{{font-size:9.5px}}
.scroll,figure{{overflow:visible}}
.routes{{min-width:0;max-height:258mm}}
.routes.tall{{max-height:none}}
td{{padding:4px 10px 4px 0}}td .share{{min-width:38px}}.names td:first-child{{min-width:0}}
details::details-content{{content-visibility:visible;block-size:auto}}
.bars i,.keys li::before,.wire,.bar,.box,code,pre{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
}}
""".replace("\n", "")
