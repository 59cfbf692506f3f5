package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// metrics counts what the server does, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	answers  map[string]prometheus.Counter // by what was answered
	kratos   *prometheus.CounterVec
	hookLag  prometheus.Histogram
	reloaded *prometheus.GaugeVec
}

const namespace = "oly_passkey"

// newMetrics makes the registry; name tells several servers apart, "" adds no
// label. The server is asked at every scrape.
func newMetrics(name, version string, s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "requests_total", Help: "Requests by path and status code.",
		}, []string{"path", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "request_seconds", Help: "Time until a request is answered, by path.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"path"}),
		answers: map[string]prometheus.Counter{},
		kratos: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "kratos_requests_total", Help: "Requests to Kratos' admin API, by status code or error.",
		}, []string{"result"}),
		hookLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "hook_lag_seconds", Help: "Time from a hook to the end of its pull.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30, 120},
		}),
		reloaded: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "reload_successful", Help: "0 where the last reading again failed, so that the old content is in use, by what was read.",
		}, []string{"what"}),
	}
	for _, what := range []string{readConfiguration, readKeys, readCertificates} {
		m.reloaded.WithLabelValues(what).Set(1)
	}
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "resolve_answers_total", Help: "User handles asked for, by what was answered.",
	}, []string{"answer"})
	for _, what := range []string{
		index.Active.String(), index.Orphaned.String(), index.Unknown.String(), answeredRemoved,
		answeredNone, answeredAmbiguous, answeredBuilding, answeredError,
	} {
		m.answers[what] = answers.WithLabelValues(what)
	}
	var r prometheus.Registerer = m.registry
	if name != "" {
		r = prometheus.WrapRegistererWith(prometheus.Labels{"name": name}, r)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "1, by the version of the program.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	r.MustRegister(build, m.requests, m.latency, answers, m.kratos, m.hookLag, m.reloaded,
		newIndexCollector(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// counter makes what counts the requests of one path.
func (m *metrics) counter(path string) func(code int, took time.Duration) {
	requests := m.requests.MustCurryWith(prometheus.Labels{"path": path})
	good, latency := requests.WithLabelValues("200"), m.latency.WithLabelValues(path)
	return func(code int, took time.Duration) {
		if code == http.StatusOK {
			good.Inc()
		} else {
			requests.WithLabelValues(strconv.Itoa(code)).Inc()
		}
		latency.Observe(took.Seconds())
	}
}

// What is counted of look-ups besides the states of handles.
const (
	answeredRemoved   = "removed"
	answeredNone      = "no-such-handle"
	answeredAmbiguous = "ambiguous"
	answeredBuilding  = "index-building"
	answeredError     = "error"
)

// resolved counts one handle that was asked for.
func (m *metrics) resolved(a directory.Answer, err error) {
	label := a.State.String()
	switch {
	case errors.Is(err, directory.ErrUnknown):
		label = answeredNone
	case errors.Is(err, directory.ErrRemoved):
		label = answeredRemoved
	case errors.Is(err, directory.ErrAmbiguous):
		label = answeredAmbiguous
	case errors.Is(err, directory.ErrBuilding):
		label = answeredBuilding
	case err != nil:
		label = answeredError
	}
	m.answers[label].Inc()
}

// countKratos counts the requests that go through a transport.
func (m *metrics) countKratos(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		result := "error"
		if err == nil {
			result = strconv.Itoa(resp.StatusCode)
		}
		m.kratos.WithLabelValues(result).Inc()
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// indexCollector reads the index' own figures when it is scraped.
type indexCollector struct {
	server *Server

	identities, handles, complete, swept, missing, unread, reading, read, fraction, waiting, oldest, expires *prometheus.Desc
}

func newIndexCollector(s *Server) *indexCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
	}
	return &indexCollector{
		server:     s,
		identities: desc("index_identities", "Identities in the index, by whether Kratos has deleted them.", "deleted"),
		handles:    desc("index_handles", "User handles in the index, by state.", "state"),
		complete:   desc("index_complete", "1 once the first build is finished."),
		swept:      desc("last_complete_sweep_timestamp_seconds", "When the last complete sweep ended."),
		missing:    desc("sweep_missing_identities", "Identities for which the last sweep stopped."),
		unread:     desc("unread_identities", "Identities that the last complete build or sweep found on Kratos' list and could not read."),
		reading:    desc("sweep_running", "1 while a build or sweep reads Kratos' list."),
		read:       desc("sweep_read_identities", "Identities that the build or sweep under way has read."),
		fraction:   desc("sweep_read_fraction", "Fraction of Kratos' list that the build or sweep under way has read, estimated from the last id."),
		waiting:    desc("pulls_waiting", "Identities that wait for their pull, by what asked for it.", "asked_by"),
		oldest:     desc("oldest_hook_seconds", "How long the oldest hook has waited for its pull."),
		expires:    desc("certificate_expiry_timestamp_seconds", "When the certificate of the API expires."),
	}
}

// Describe implements prometheus.Collector.
func (c *indexCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// scrapeTimeout bounds what the store may take for its figures.
const scrapeTimeout = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *indexCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout) //nolint:forbidigo // the interface hands none on
	defer cancel()
	st, err := c.server.status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.complete, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v int, labels ...string) { gauge(d, float64(v), labels...) }
	truth := func(d *prometheus.Desc, v bool) { gauge(d, map[bool]float64{true: 1}[v]) }
	count(c.identities, st.Stats.Identities-st.Stats.Deleted, "false")
	count(c.identities, st.Stats.Deleted, "true")
	count(c.handles, st.Stats.Active, "active")
	count(c.handles, st.Stats.Orphaned, "orphaned")
	count(c.handles, st.Stats.Removed, "removed")
	count(c.handles, st.Stats.Unknown, "unknown")
	truth(c.complete, st.Complete)
	if st.Complete {
		gauge(c.swept, float64(st.Meta.SweepEndedAt.Unix()))
	}
	count(c.missing, st.Meta.Missing)
	count(c.unread, st.Meta.Unread)
	truth(c.reading, st.Reading)
	gauge(c.read, float64(st.Read))
	gauge(c.fraction, st.Fraction)
	count(c.waiting, st.Hooks, "hook")
	count(c.waiting, st.Background, "directory")
	gauge(c.oldest, st.OldestFor.Seconds())
	if files := c.server.tls; files != nil {
		gauge(c.expires, float64(files.current.Load().Certificates[0].Leaf.NotAfter.Unix()))
	}
}
