/** The reference page's style sheet. System fonts and no image: nothing is fetched. */
export const referenceStyle = `
:root{color-scheme:light dark;--bg:#fff;--soft:#f6f7f9;--line:#dfe3e8;--ink:#1c2330;--dim:#5b6575;--accent:#2456c7;
--get:#1a6e4b;--post:#2456c7;--put:#8a5a00;--delete:#b3261e;--code:#f1f3f6}
@media (prefers-color-scheme:dark){:root{--bg:#12161d;--soft:#191f28;--line:#2c3542;--ink:#e3e8ef;--dim:#98a3b3;
--accent:#8ab0ff;--get:#6fd3a6;--post:#8ab0ff;--put:#e5b567;--delete:#ff8f87;--code:#1d2530}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;
display:grid;grid-template-columns:17.5rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.25rem 1rem 2rem;background:var(--soft);
border-right:1px solid var(--line)}
nav h1{font-size:1.1rem;margin:0}nav h1 small{color:var(--dim);font-weight:400}
nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.05em;color:var(--dim);margin:1.3rem 0 .25rem}
nav ul{list-style:none;margin:0;padding:0}
nav li a{display:flex;gap:.5rem;padding:.17rem .35rem;border-radius:.3rem;color:inherit;text-decoration:none;font-size:.85rem;
overflow-wrap:anywhere}
nav li a:hover,nav li a:focus-visible{background:var(--line)}
nav .verb{flex:none;width:2.9rem;font-size:.7rem;line-height:1.32rem}
main{padding:1.5rem clamp(1rem,4vw,3.5rem) 6rem;max-width:70rem}
h2{font-size:1.5rem;margin:3rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--line)}
main>header h2{border:0;margin-top:0;padding-top:0}
article{margin:1.75rem 0;padding:1rem 1.25rem 1.1rem;border:1px solid var(--line);border-radius:.6rem}
article:target{border-color:var(--accent)}
h3{margin:0;font-size:1rem;font-weight:600;overflow-wrap:anywhere}
h3 code{font-size:1rem;background:none;padding:0}
h3 a{color:inherit;text-decoration:none}
h4{margin:1.1rem 0 .3rem;font-size:.8rem;text-transform:uppercase;letter-spacing:.04em;color:var(--dim)}
p{margin:.4rem 0}a{color:var(--accent)}.dim{color:var(--dim)}
.verb{font:700 .8rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
.role{display:inline-block;margin:0 .3rem .2rem 0;padding:0 .5rem;border:1px solid var(--line);border-radius:1rem;
font-size:.8rem;color:var(--dim)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.84em;background:var(--code);
border-radius:.3rem}
code{padding:.08em .3em;overflow-wrap:anywhere}
pre{padding:.7rem .9rem;overflow-x:auto;margin:.4rem 0;line-height:1.45}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th{font-weight:600;text-align:left;color:var(--dim);font-size:.75rem}
td,th{padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{white-space:nowrap}td:first-child code{background:none;padding:0;overflow-wrap:normal}
tr:last-child td{border-bottom:0}td:last-child{min-width:9rem;padding-right:0}
.required{color:var(--delete);font-size:.75rem}
details{margin:.35rem 0}summary{cursor:pointer;padding:.15rem 0}
summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:52rem){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}
nav .list{display:none}td:first-child{white-space:normal}td:first-child code{overflow-wrap:anywhere}}
@media print{nav{display:none}body{display:block}}
`;
