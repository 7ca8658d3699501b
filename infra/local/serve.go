package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"apicenter/infra/exam"
	"apicenter/shared/connector/all"
	"apicenter/shared/panel"
	"apicenter/shared/panel/openid"
	"apicenter/shared/stage/operate"
)

// serveCommand runs everything in one process until it is stopped.
type serveCommand struct {
	Data   string        `default:".data" help:"Data folder; a second start goes on from it." type:"path"`
	Port   int           `default:"8080" help:"Port of the panel on this machine; the next free one when it is taken."`
	Every  time.Duration `default:"15s" help:"How often the demo's orders flow runs."`
	Orders int           `default:"40" help:"How many orders the demo shop has at the first start."`
	Level  slog.Level    `default:"WARN" help:"What is logged: DEBUG, INFO, WARN or ERROR."`
	JSON   bool          `help:"Print the address and sign-in link as JSON."`

	SignInIssuer string `help:"Address of an OpenID Connect provider people may sign in with, beside the link that is printed." env:"SIGN_IN_ISSUER" placeholder:"URL"`
	SignInClient string `help:"Client id under which the provider knows this panel; its secret, if it has one, is read from the variable SIGN_IN_SECRET." env:"SIGN_IN_CLIENT_ID" placeholder:"ID"`
	SignInClaim  string `help:"Claim in which the provider says to which tenant somebody belongs (default: custom:tenant)." env:"SIGN_IN_TENANT_CLAIM" placeholder:"NAME"`
}

// stopTime is how long a stop waits for work under way.
const stopTime = 10 * time.Second

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context) error {
	log := newLog(c.Level, os.Stderr)
	people, err := c.provider(os.Getenv("SIGN_IN_SECRET"))
	if err != nil {
		return err
	}
	a, err := openApp(ctx, c.Data, log)
	if err != nil {
		return err
	}
	defer a.close()
	shop, err := openShop(ctx, c.Data, c.Orders)
	if err != nil {
		return err
	}
	defer shop.stop()
	if err := a.createTenant(ctx, exam.Setup{Source: shop.source.Base, Target: shop.target.Base, Every: c.Every}); err != nil {
		return err
	}
	listener, err := listen(ctx, c.Port)
	if err != nil {
		return err
	}
	handler, link, err := a.handler(people)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	c.announce("http://"+listener.Addr().String(), link(demoTenant))

	inside, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan struct{})
	go func() {
		go a.ticks(inside, time.Second)
		go shop.live(inside, log)
		a.pump(inside)
		close(stopped)
	}()
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	stop()
	fmt.Fprintln(os.Stderr, "stopping; work under way is finished first …")
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if e := server.Shutdown(late); e != nil {
		err = errors.Join(err, e)
	}
	select {
	case <-stopped:
	case <-late.Done():
		fmt.Fprintln(os.Stderr, "something took too long and is left where it was; the next start goes on from there")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// provider is who people may sign in with; nil for nobody. The secret comes by the environment alone: what stands on a command
// line is seen by everybody on the machine.
func (c *serveCommand) provider(secret string) (*openid.Provider, error) {
	if c.SignInIssuer == "" && c.SignInClient == "" {
		return nil, nil //nolint:nilnil // no provider is wanted, and nothing is wrong
	}
	if c.SignInIssuer == "" || c.SignInClient == "" {
		return nil, errors.New("--sign-in-issuer and --sign-in-client go together")
	}
	return openid.New(openid.Options{Issuer: c.SignInIssuer, Secret: secret, TenantClaim: c.SignInClaim, HTTP: &http.Client{}, Now: world().Now,
		ClientID: func(context.Context) (string, error) { return c.SignInClient, nil }})
}

func (c *serveCommand) announce(address, link string) {
	if c.JSON {
		fmt.Printf("{\"panel\":%q,\"sign_in\":%q}\n", address, address+link)
		return
	}
	fmt.Printf("\n  The panel is at   %s\n  Sign in once with %s\n", address, address+link)
	if c.SignInIssuer != "" {
		fmt.Printf("  or with           %s, which has to know the addresses\n                    %s/signin/callback and, for signing out, %s/signin\n", c.SignInIssuer, address, address)
	}
	fmt.Printf("\n  A demo shop takes orders all the time; they travel from MplusKASSA to AFAS every %s.\n  Stop with Ctrl-C; the next start goes on from %s.\n\n",
		c.Every, c.Data)
}

// handler is the panel, and the address webhooks call.
func (a *app) handler(people *openid.Provider) (http.Handler, func(tenant string) string, error) {
	desk := &operate.Desk{Flows: a.store, Failures: a.store, Sessions: a.sessions, Fetch: a.fetch, Retry: a.retry, World: a.world}
	p, err := panel.New(panel.Options{Store: a.store, Codec: a.codec, Connectors: all.Connectors(), Actions: desk,
		SignIn: people, Now: a.world.Now, Log: a.log, Rand: rand.Reader})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/{token}", a.webhook)
	mux.Handle("/", p)
	return mux, p.SignInLink, nil
}

// listen takes the port, or the next free one, on this machine only.
func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	for p := port; p < port+100; p++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("the panel cannot listen: %w", err)
		}
	}
	return nil, fmt.Errorf("the panel found no free port from %d to %d", port, port+99)
}
