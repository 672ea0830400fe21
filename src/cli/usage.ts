/** What `cachewright --help` prints. */
export const USAGE = `Usage: cachewright <command> <module> [options]

Commands over the write-behinds that a module exports:

  worker <module>                    writes what is queued, until SIGTERM or SIGINT
  queue status <module>              what waits, and for how long
  queue dead <module>                writes that were put aside
  queue replay <module> <key...>     lets them wait again
  queue drop <module> <key...>       forgets them
  queue drain <module>               writes all that waits now

Options:

  --queue <name>      one of several queues, by the name of its export
  --json              one JSON document on each line
  --every <time>      worker: between two lines of status, 1s to 24h (default 60s)
  --drain <time>      worker: to write what waits after a signal, 0 to 24h (default 10s)
  --limit <count>     queue dead: letters of each queue, 1 to 10000 (default 100)
  --all               queue replay, queue drop: all dead letters
  --deadline <time>   queue drain: 0 to 24h (default 60s)
  --help              this text
  --version           the version of the package

Exit codes: 0 done; 1 not wholly done, or the store is away; 2 asked for wrongly.`
