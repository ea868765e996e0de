/// The style sheet of all pages: colours of a light and a dark screen as variables, and the elements that pages share.
enum PageStyle {
  /// Elements are classes: `figures` (large numbers), `cards` (boxes side by side), `text` (words of a model or a corpus),
  /// `wide` (a table that scrolls by itself), `chart`, `reading` (a text
  /// in colours, `r1` to `r5` and `b1` to `b5`), `controls` (buttons and fields in a row), `aside` (a narrow column beside a wide
  /// one), `shares` (a list of probabilities as bars). The colours of series are `--c0` to `--c7`, told apart by people who see
  /// no red or no green too.
  static let sheet = """
    :root {
      color-scheme: light dark;
      --page: #fbfbfa; --box: #ffffff; --ink: #1c1d20; --soft: #5d6066; --line: #d9dade; --grid: #ececee; --mark: #fff0b8;
      --c0: #1f5fbf; --c1: #c2500a; --c2: #167a4a; --c3: #8a3fb0; --c4: #9a6a00; --c5: #b3245e; --c6: #0b7285; --c7: #5c5f66;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #131416; --box: #1b1d20; --ink: #e8e8ea; --soft: #a2a6ad; --line: #3a3d42; --grid: #292b30; --mark: #5a4a10;
        --c0: #78aaf5; --c1: #f5924e; --c2: #5fc794; --c3: #c893ec; --c4: #dfb44c; --c5: #f07ba8; --c6: #5cc3d6; --c7: #a9adb5;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 1rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
    p { margin: .4rem 0; max-width: 46rem; }
    .soft { color: var(--soft); font-size: .875rem; }
    pre, code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .84rem; }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
    pre { margin: .4rem 0; padding: .6rem .7rem; background: var(--box); border: 1px solid var(--line); border-radius: 6px; }
    mark { background: var(--mark); color: inherit; border-radius: 2px; }
    .figures, .cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); }
    .cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
    .figures > div, .cards > * { min-width: 0; background: var(--box); border: 1px solid var(--line); border-radius: 6px; }
    .figures > div { padding: .6rem .75rem; }
    .figures b { display: block; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    .figures span { color: var(--soft); font-size: .82rem; overflow-wrap: anywhere; }
    .cards > section { padding: .5rem .75rem; }
    .cards h3 { font-size: .95rem; margin: 0; }
    .cards pre { border: 0; padding: .2rem 0; }
    .below { margin-top: .75rem; }
    .options { columns: 19rem; column-gap: 2rem; margin: 0; font-size: .875rem; }
    .options div { display: flex; gap: 1rem; justify-content: space-between; border-bottom: 1px solid var(--grid); padding: .2rem 0; break-inside: avoid; }
    .options dd { margin: 0; text-align: right; }
    .wide { overflow-x: auto; }
    .wide td, .wide th { white-space: nowrap; }
    table { border-collapse: collapse; font-size: .875rem; }
    th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--grid); }
    th { font-weight: 600; }
    td { overflow-wrap: anywhere; }
    td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    button {
      font: inherit; font-size: .85rem; color: inherit; background: var(--box); border: 1px solid var(--line);
      border-radius: 6px; padding: .25rem .7rem; cursor: pointer;
    }
    button[aria-pressed=true] { border-color: var(--c0); color: var(--c0); }
    button:disabled { color: var(--soft); cursor: default; }
    textarea, input {
      font: inherit; color: inherit; background: var(--box); border: 1px solid var(--line); border-radius: 6px;
    }
    textarea {
      display: block; width: 100%; padding: .6rem .7rem; resize: vertical; font: .84rem/1.55 ui-monospace, Menlo, Consolas, monospace;
    }
    .controls { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; margin: .6rem 0; font-size: .85rem; }
    .controls label { white-space: nowrap; color: var(--soft); }
    .controls input { width: 4.6rem; margin-left: .35rem; padding: .2rem .4rem; color: var(--ink); }
    .aside { display: grid; gap: 0 1.5rem; grid-template-columns: minmax(0, 1fr) 15rem; }
    @media (max-width: 44rem) { .aside { grid-template-columns: minmax(0, 1fr); } }
    .shares { list-style: none; margin: 0; padding: 0; font: .84rem/1.55 ui-monospace, Menlo, Consolas, monospace; min-height: 14rem; }
    .shares li { position: relative; display: flex; justify-content: space-between; gap: 1rem; padding: .05rem .5rem; margin: .15rem 0; }
    .shares li > span { position: relative; overflow-wrap: anywhere; }
    .shares i { position: absolute; inset: 0 auto 0 0; background: color-mix(in srgb, var(--c0) 24%, transparent); border-radius: 3px; }
    .shares .at { outline: 2px solid var(--c0); border-radius: 3px; }
    .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
    .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
    :focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
    .chart { position: relative; padding: .6rem .7rem .4rem; background: var(--box); border: 1px solid var(--line); border-radius: 6px; }
    .chart h3 { font-size: .95rem; margin: 0 0 .2rem; font-weight: 600; }
    .chart .legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .8rem; color: var(--soft); margin: 0 0 .3rem; padding: 0; list-style: none; }
    .chart .legend i { display: inline-block; width: 1.1rem; border-top: 2px solid; margin-right: .35rem; vertical-align: middle; }
    .chart .legend i.dashed { border-top-style: dashed; }
    .chart svg { display: block; width: 100%; touch-action: pan-y; }
    .chart .grid { stroke: var(--grid); } .chart .axis { stroke: var(--line); } .chart .event { stroke: var(--c5); stroke-dasharray: 2 3; }
    .chart .cursor { stroke: var(--soft); }
    .chart svg:focus-visible { outline-offset: 0; }
    .chart svg text { font: 12px system-ui, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
    .chart .tip, .reading .tip {
      position: absolute; pointer-events: none; background: var(--page); border: 1px solid var(--line); border-radius: 6px;
      padding: .3rem .5rem; font-size: .8rem; line-height: 1.35; max-width: min(18rem, 80%); font-variant-numeric: tabular-nums;
      overflow-wrap: anywhere; z-index: 1;
    }
    .reading {
      position: relative; padding: .5rem .6rem .5rem 0; background: var(--box); border: 1px solid var(--line); border-radius: 6px;
      font: .84rem/1.55 ui-monospace, Menlo, Consolas, monospace;
    }
    .reading .line { display: flex; }
    .reading .number { flex: none; width: 4.2em; padding-right: .8em; text-align: right; color: var(--soft); user-select: none; }
    .reading .words { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; min-width: 0; }
    .reading .unknown { color: var(--soft); text-decoration: line-through; }
    .reading .at { outline: 2px solid var(--c0); }
    .r1 { background: color-mix(in srgb, var(--c1) 12%, transparent); } .r2 { background: color-mix(in srgb, var(--c1) 24%, transparent); }
    .r3 { background: color-mix(in srgb, var(--c1) 36%, transparent); } .r4 { background: color-mix(in srgb, var(--c1) 48%, transparent); }
    .r5 { background: color-mix(in srgb, var(--c1) 60%, transparent); }
    .b1 { background: color-mix(in srgb, var(--c0) 12%, transparent); } .b2 { background: color-mix(in srgb, var(--c0) 24%, transparent); }
    .b3 { background: color-mix(in srgb, var(--c0) 36%, transparent); } .b4 { background: color-mix(in srgb, var(--c0) 48%, transparent); }
    .b5 { background: color-mix(in srgb, var(--c0) 60%, transparent); }
    @media print { :root { color-scheme: light; } }

    """
}
