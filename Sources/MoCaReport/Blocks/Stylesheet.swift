// The appearance of pages: light and dark, on phones and on paper.

/// The style sheet of the pages.
enum Stylesheet {
    /// The CSS rules. They contain no `<` and no `&`, so that the page stays well-formed XML.
    static let css: HTML = """
        :root { color-scheme: light dark;
          --ink: #1b2330; --soft: #5a6678; --line: #dde3ea; --paper: #f6f8fa; --card: #ffffff;
          --accent: #2457c5; --good: #127a4b; --good-soft: #e3f4ea; --band: #b9cdf5;
          --c0: #2457c5; --c1: #c2410c; --c2: #0f766e; --c3: #a21caf; --c4: #a16207;
          --c5: #475569; --bad: #b42318; --bad-soft: #fdeceb;
          --t0: #dbe7fd; --t1: #dff3e4; --t2: #fbeed3; --t3: #f3e1f7; }
        @media (prefers-color-scheme: dark) { :root {
          --ink: #e6eaf0; --soft: #a2adbd; --line: #313a48; --paper: #12161d; --card: #1a202a;
          --accent: #8ab0ff; --good: #5fd39a; --good-soft: #173427; --band: #3a5590;
          --c0: #8ab0ff; --c1: #ff9c66; --c2: #4fd1c0; --c3: #e58bf2; --c4: #e3c14e;
          --c5: #a9b4c4; --bad: #ff9d92; --bad-soft: #401b19;
          --t0: #223557; --t1: #1c3b2b; --t2: #43351a; --t3: #3d2447; } }
        * { box-sizing: border-box; }
        html { scroll-behavior: smooth; }
        body { margin: 0 auto; max-width: 72rem; padding: 0 1.25rem 3rem; background: var(--paper);
          color: var(--ink);
          font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        h1 { font-size: 2rem; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
        h2 { font-size: 1.3rem; margin: 0 0 0.7rem; letter-spacing: -0.01em; }
        h3 { font-size: 0.85rem; margin: 0 0 0.5rem; font-weight: 600; }
        header { padding: 2.5rem 0 1rem; }
        .subtitle, .lead { color: var(--soft); margin: 0.4rem 0 0; max-width: 46rem; }
        .lead { margin: -0.35rem 0 1rem; }
        a { color: var(--accent); }
        a:focus-visible, input:focus-visible + label, summary:focus-visible {
          outline: 2px solid var(--accent); outline-offset: 2px; }
        nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0;
          padding: 0.6rem 0; border: solid var(--line);
          border-width: 1px 0; }
        nav a { text-decoration: none; font-size: 0.9rem; }
        nav a:hover { text-decoration: underline; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
          padding: 1.4rem 1.5rem; margin-top: 1.25rem; }
        footer { color: var(--soft); font-size: 0.85rem; padding-top: 1.25rem; }
        small { font-size: 0.78rem; color: var(--soft); font-weight: 400; }
        .hidden, .skip { position: absolute; width: 1px; height: 1px; overflow: hidden;
          clip-path: inset(50%); white-space: nowrap; }
        .skip:focus { position: static; width: auto; height: auto; clip-path: none; }
        .scroll { overflow-x: auto; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));
          gap: 0.75rem; margin: 0.75rem 0 0; }
        .figure { border: 1px solid var(--line); border-radius: 10px; padding: 0.8rem 1rem;
          display: flex; flex-direction: column; }
        .figure dt { color: var(--soft); font-size: 0.85rem; }
        .figure dd { margin: 0; }
        .figure .value { font-size: 1.7rem; font-weight: 650; letter-spacing: -0.02em;
          font-variant-numeric: tabular-nums; }
        .figure .note { color: var(--soft); font-size: 0.82rem; }
        table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
        caption { text-align: left; color: var(--soft); font-size: 0.82rem;
          padding-bottom: 0.5rem; }
        th { text-align: left; font-weight: 550; }
        th, td { padding: 0.42rem 0.7rem; border-bottom: 1px solid var(--line);
          vertical-align: top; }
        thead th { color: var(--soft); font-size: 0.8rem; white-space: nowrap; }
        tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        .settings { margin-top: 1rem; }
        .settings th { width: 16rem; color: var(--soft); font-weight: 450; }
        .settings td { overflow-wrap: anywhere; }
        .scores th small, .scores td small { display: block; }
        .scores .group th { padding-top: 1rem; color: var(--accent); font-size: 0.82rem; }
        .scores .score { min-width: 8.2rem; }
        .scores td { font-variant-numeric: tabular-nums; }
        .scores .value { font-weight: 600; }
        .scores .none { color: var(--soft); }
        .up { color: var(--good); font-size: 0.7em; vertical-align: 0.1em; }
        .meter { display: block; width: 100%; height: 9px; margin-top: 0.25rem; }
        .meter .track { fill: var(--line); }
        .meter .band { fill: var(--band); }
        .meter line { vector-effect: non-scaling-stroke; }
        .meter .dot { stroke: var(--accent); stroke-width: 3px; }
        .meter .tick { stroke: var(--ink); stroke-width: 1.5px; stroke-dasharray: 2 1.5; }
        .key { display: inline-block; height: 0.7rem; vertical-align: -0.05rem; }
        .key.dot { width: 3px; background: var(--accent); }
        .key.band { width: 1rem; background: var(--band); border-radius: 2px; }
        .key.tick { border-left: 1.5px dashed var(--ink); }
        .legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0;
          padding: 0; font-size: 0.9rem; }
        .swatch { width: 28px; height: 8px; margin-right: 0.4rem; vertical-align: middle; }
        .scales { text-align: right; margin-top: -1.4rem; }
        .scales input { position: absolute; opacity: 0; }
        .scales label { font-size: 0.78rem; color: var(--soft); padding: 0.15rem 0.6rem;
          border: 1px solid var(--line); cursor: pointer; }
        .scales label:first-of-type { border-radius: 6px 0 0 6px; border-right: 0; }
        .scales label:last-of-type { border-radius: 0 6px 6px 0; }
        .scales input:checked + label { background: var(--accent); color: var(--card);
          border-color: var(--accent); }
        .plot { display: none; margin-top: 0.8rem; overflow-x: auto; }
        .pick-linear:checked ~ .plot-linear, .pick-log:checked ~ .plot-log { display: block; }
        .plot svg { width: 100%; min-width: 36rem; height: auto; display: block; }
        .grid { stroke: var(--line); }
        .axis { fill: var(--soft); font-size: 12px; }
        .raw, .curve { fill: none; stroke-linejoin: round; }
        .raw { stroke-width: 1; opacity: 0.28; }
        .curve { stroke-width: 2.2; }
        .c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); stroke-dasharray: 8 3; }
        .c2 { stroke: var(--c2); stroke-dasharray: 2 3; } .c3 { stroke: var(--c3); }
        .c4 { stroke: var(--c4); stroke-dasharray: 10 3 2 3; }
        .c5 { stroke: var(--c5); stroke-dasharray: 5 5; }
        .raw { stroke-dasharray: none; }
        .histogram { margin: 0 0 1.2rem; overflow-x: auto; }
        .histogram figcaption { font-weight: 600; color: var(--ink); }
        .histogram small { margin-left: 0.6rem; }
        .histogram svg { width: 100%; min-width: 36rem; height: auto; display: block; }
        .bar { fill: var(--accent); }
        details { margin-top: 0.5rem; font-size: 0.9rem; }
        summary { cursor: pointer; color: var(--soft); }
        .empty { color: var(--soft); }
        .cards { display: grid; gap: 0; }
        .card { display: grid; grid-template-columns: 13rem 1fr; gap: 1.25rem; padding: 1.1rem 0;
          align-items: start; border-top: 1px solid var(--line); }
        .card:first-child { border-top: 0; }
        .query h3 .label { color: var(--accent); }
        .query h3 .note { color: var(--soft); font-weight: 400; }
        .query .text { font-size: 1.02rem; font-weight: 550; margin: 0; overflow-wrap: anywhere; }
        .query img { max-width: 100%; max-height: 9rem; border-radius: 6px; background: #ffffff; }
        .verdict { color: var(--soft); font-size: 0.82rem; margin: 0.5rem 0 0; }
        .results { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 0.7rem;
          list-style: none; margin: 0; padding: 0; }
        .result { border: 1px solid var(--line); border-radius: 8px; padding: 0.5rem;
          display: flex; flex-direction: column; min-width: 0; }
        .result.right { border-color: var(--good); box-shadow: 0 0 0 1px var(--good);
          background: var(--good-soft); }
        .result img { width: 100%; height: 8rem; object-fit: contain; border-radius: 4px;
          background: #ffffff; }
        .result .text { font-size: 0.84rem; line-height: 1.35; margin: 0.35rem 0 0;
          overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical;
          -webkit-line-clamp: 6; line-clamp: 6; overflow: hidden; }
        .meta { display: flex; flex-wrap: wrap; gap: 0.1rem 0.5rem; margin: auto 0 0;
          padding-top: 0.35rem; font-size: 0.78rem; color: var(--soft);
          font-variant-numeric: tabular-nums; }
        .rank { font-weight: 650; color: var(--ink); }
        .badge { color: var(--good); font-weight: 600; margin-inline-start: auto; }
        .story { margin: 0; padding-left: 1.2rem; max-width: 52rem; }
        .story li { margin: 0.3rem 0; overflow-wrap: anywhere; }
        .story .attention { color: var(--bad); }
        .grid-2 { display: grid; gap: 1.25rem 1.5rem;
          grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
        .small { margin: 0; min-width: 0; }
        .small figcaption { font-weight: 600; color: var(--ink); margin: 0 0 0.3rem; }
        .small svg { max-width: 100%; }
        .small > svg { width: 100%; height: auto; display: block; }
        .small .legend { font-size: 0.78rem; gap: 0.1rem 0.9rem; }
        .small details { font-size: 0.8rem; margin-top: 0.2rem; }
        .mark { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 3 3; }
        .positive { fill: var(--good); opacity: 0.5; }
        .negative { fill: none; stroke: var(--ink); stroke-width: 1.3; }
        .plain td { overflow-wrap: break-word; font-variant-numeric: tabular-nums; }
        .plain th { font-variant-numeric: tabular-nums; }
        .series figure { margin: 0 0 1.25rem; }
        .strip { display: grid; gap: 0.5rem;
          grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
        .strip img { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 4px;
          image-rendering: pixelated; background: var(--line); }
        .strip span { display: block; text-align: center; font-size: 0.76rem;
          color: var(--soft); }
        .triptychs { display: grid; grid-template-columns: repeat(auto-fit,
          minmax(min(26rem, 100%), 1fr));
          gap: 1.25rem; }
        .triptych { margin: 0; }
        .panels { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.4rem; }
        .panels img { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 4px;
          image-rendering: pixelated; background: var(--line); }
        .panels span { display: block; text-align: center; font-size: 0.76rem; color: var(--soft); }
        figcaption { font-size: 0.85rem; color: var(--soft); margin-top: 0.3rem; }
        .sample { padding: 1.1rem 0; border-top: 1px solid var(--line); }
        .sample:first-child { border-top: 0; padding-top: 0; }
        .sides { display: grid; gap: 1.25rem;
          grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
        .side { min-width: 0; }
        .side h4 { font-size: 0.85rem; margin: 0 0 0.4rem; font-weight: 600; }
        .side h4 .label { color: var(--accent); }
        .side h4 .note { color: var(--soft); font-weight: 400; }
        .side figure { margin: 0 0 0.6rem; }
        .side img { display: block; max-width: 100%; max-height: 24rem; height: auto;
          width: auto; border-radius: 4px; background: var(--line); image-rendering: pixelated; }
        .chips { margin: 0; line-height: 1.75; font-size: 0.88rem; overflow-wrap: anywhere; }
        .chip { padding: 0.1rem 0; border-radius: 3px; white-space: pre-wrap; }
        .chip.tint-0 { background: var(--t0); } .chip.tint-1 { background: var(--t1); }
        .chip.tint-2 { background: var(--t2); } .chip.tint-3 { background: var(--t3); }
        .chip.special { background: none; box-shadow: inset 0 0 0 1px var(--soft);
          color: var(--soft); padding: 0.1rem 0.3rem; margin: 0 0.1rem;
          font: 0.78rem ui-monospace, monospace; white-space: nowrap; display: inline-block; }
        .chip.masked { background: var(--ink); color: var(--paper);
          text-decoration: line-through; }
        .chip.cut { background: none; color: var(--bad); text-decoration: line-through dotted; }
        .part { margin-top: 1.4rem; }
        .part > h3 { font-size: 1rem; margin: 0 0 0.4rem; }
        .part > .lead { margin: 0 0 0.7rem; font-size: 0.9rem; }
        .heat { padding: 0.1rem 0; border-radius: 3px; white-space: pre-wrap; }
        .heat.special { color: var(--soft); padding: 0.1rem 0.25rem; margin: 0 0.1rem;
          font: 0.78rem ui-monospace, monospace; box-shadow: inset 0 0 0 1px var(--line); }
        .warm-1 { background: rgb(232 93 4 / 0.16); } .warm-2 { background: rgb(232 93 4 / 0.3); }
        .warm-3 { background: rgb(232 93 4 / 0.46); } .warm-4 { background: rgb(232 93 4 / 0.62); }
        .cold-1 { background: rgb(56 108 236 / 0.16); }
        .cold-2 { background: rgb(56 108 236 / 0.3); }
        .cold-3 { background: rgb(56 108 236 / 0.46); }
        .cold-4 { background: rgb(56 108 236 / 0.62); }
        .heat-name { font-size: 0.9rem; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
        .heat-legend { display: flex; flex-wrap: wrap; align-items: center; gap: 0.15rem;
          font-size: 0.78rem; color: var(--soft); margin: 0 0 0.8rem; }
        .heat-legend span:first-child { margin-right: 0.4rem; }
        .heat-legend span:last-child { margin-left: 0.4rem; }
        .key-cell { width: 1.4rem; height: 1rem; text-align: center; border-radius: 0;
          line-height: 1rem; padding: 0; }
        .warning { color: var(--bad); background: var(--bad-soft); border-radius: 6px;
          padding: 0.35rem 0.6rem; margin: 0.5rem 0 0; font-size: 0.85rem;
          overflow-wrap: anywhere; }
        .ids { font: 0.78rem/1.5 ui-monospace, monospace; color: var(--soft);
          overflow-wrap: anywhere; }
        @media (max-width: 44rem) {
          section { padding: 1rem; }
          .settings th { width: 40%; }
          .card { grid-template-columns: 1fr; }
          .results { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
          .scales { margin-top: 0.5rem; text-align: left; } }
        @media print {
          body { background: none; max-width: none; }
          nav, .scales label, details { display: none; }
          section { border: 0; padding: 0.5rem 0; }
          .card, .triptych, tr { break-inside: avoid; } }
        """
}
