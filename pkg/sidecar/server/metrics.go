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

// metrics are the server's metrics, in their own registry.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	answers  map[string]prometheus.Counter // by result
	kratos   *prometheus.CounterVec
	hookLag  prometheus.Histogram
	reloaded *prometheus.GaugeVec
}

const namespace = "oly_passkey"

// newMetrics returns the metrics of a server. name is a label that distinguishes
// several servers; "" adds none.
func newMetrics(name, version string, s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "requests_total", Help: "Requests by path and status code.",
		}, []string{"path", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "request_seconds", Help: "Duration of requests, by path.",
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
			Namespace: namespace, Name: "reload_successful", Help: "1 if the last reload succeeded, 0 if it failed and the previous content is in use, by what was reloaded.",
		}, []string{"what"}),
	}
	for _, what := range []string{readConfiguration, readKeys, readCertificates} {
		m.reloaded.WithLabelValues(what).Set(1)
	}
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "resolve_answers_total", Help: "Resolved user handles, by result.",
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
		Namespace: namespace, Name: "build_info", Help: "Constant 1, labelled with the version of the program.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	r.MustRegister(build, m.requests, m.latency, answers, m.kratos, m.hookLag, m.reloaded,
		newIndexCollector(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// counter returns the function that counts the requests of a path.
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

// The results of lookups other than states of user handles.
const (
	answeredRemoved   = "removed"
	answeredNone      = "no-such-handle"
	answeredAmbiguous = "ambiguous"
	answeredBuilding  = "index-building"
	answeredError     = "error"
)

// resolved counts a lookup.
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

// countKratos returns a transport that counts requests to Kratos.
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

// indexCollector collects the metrics of the index on every scrape.
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
		identities: desc("index_identities", "Identities in the index, by whether they are deleted in Kratos.", "deleted"),
		handles:    desc("index_handles", "User handles in the index, by state.", "state"),
		complete:   desc("index_complete", "1 if the first build is finished."),
		swept:      desc("last_complete_sweep_timestamp_seconds", "Time at which the last complete sweep ended."),
		missing:    desc("sweep_missing_identities", "Apparently deleted identities because of which the last sweep stopped."),
		unread:     desc("unread_identities", "Identities that the last complete build or sweep could not read."),
		reading:    desc("sweep_running", "1 while a build or sweep is running."),
		read:       desc("sweep_read_identities", "Identities that the running build or sweep has read."),
		fraction:   desc("sweep_read_fraction", "Fraction of all identities that the running build or sweep has read, estimated from the last ID."),
		waiting:    desc("pulls_waiting", "Identities waiting to be pulled, by the source of the request.", "asked_by"),
		oldest:     desc("oldest_hook_seconds", "How long the oldest hook has been waiting for its pull."),
		expires:    desc("certificate_expiry_timestamp_seconds", "Time at which the certificate of the API expires."),
	}
}

// Describe implements prometheus.Collector.
func (c *indexCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// scrapeTimeout limits how long the store may take for its statistics.
const scrapeTimeout = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *indexCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout) //nolint:forbidigo // the interface has no context
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
