package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	listers "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

// Network gives pods addresses of their own and Services theirs, as a cluster's network plugin, kube-proxy and DNS do: each pod has a network
// namespace on one bridge of this machine, which the machine itself, and so the API server, is on as well. A Service's address is on the bridge, and
// what connects to it is led to a ready endpoint. Names of Services are in the containers' hosts files, as they were when the container started.
//
// It needs the right to change the machine's network (CAP_NET_ADMIN), and Linux. NetworkPolicies are nothing to it.
type Network struct {
	cluster   *Cluster
	bridge    *netlink.Bridge
	prefix    string // of the pods' addresses
	endpoints listers.EndpointSliceLister
	cancel    context.CancelFunc

	mutex     sync.Mutex // guards what follows
	pods      int
	hosts     map[string]string         // address by a Service's name
	listeners map[string][]net.Listener // by address
}

// Network makes one, until Close.
func (c *Cluster) Network(ctx context.Context) (*Network, error) {
	number := os.Getpid() % 250
	n := &Network{cluster: c, prefix: fmt.Sprintf("10.%d.", 100+number%100), hosts: map[string]string{}, listeners: map[string][]net.Listener{},
		bridge: &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("irsa%d", os.Getpid()%1_000_000)}}}
	if err := netlink.LinkAdd(n.bridge); err != nil {
		return nil, fmt.Errorf("making a bridge for the pods, for which these tests must run as root: %w", err)
	}
	address, err := netlink.ParseAddr(n.prefix + "0.1/16")
	if err == nil {
		err = errors.Join(netlink.AddrAdd(n.bridge, address), netlink.LinkSetUp(n.bridge))
	}
	if err != nil {
		return nil, errors.Join(err, netlink.LinkDel(n.bridge))
	}
	ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	factory := informers.NewSharedInformerFactory(c.Admin, 0)
	slices := factory.Discovery().V1().EndpointSlices()
	n.endpoints = slices.Lister()
	slices.Informer()
	services := factory.Core().V1().Services().Informer()
	_, err = services.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { n.serve(o.(*core.Service)) },
		UpdateFunc: func(_, o any) { n.serve(o.(*core.Service)) },
		DeleteFunc: func(o any) { n.forget(o) },
	})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return n, err
}

// Close takes the network away.
func (n *Network) Close() {
	n.cancel()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, listeners := range n.listeners {
		for _, l := range listeners {
			l.Close()
		}
	}
	netlink.LinkDel(n.bridge)
}

// attach makes a pod's network namespace and returns its address. The name is the namespace's, unique on this machine.
func (n *Network) attach(name string) (string, error) {
	n.mutex.Lock()
	n.pods++
	number := n.pods
	n.mutex.Unlock()
	address := fmt.Sprintf("%s%d.%d", n.prefix, 1+number/250, 1+number%250)
	runtime.LockOSThread() // a network namespace is a thread's
	defer runtime.UnlockOSThread()
	own, err := netns.Get()
	if err != nil {
		return "", err
	}
	defer own.Close()
	namespace, err := netns.NewNamed(name)
	if err != nil {
		return "", errors.Join(fmt.Errorf("making a network namespace: %w", err), netns.Set(own))
	}
	defer namespace.Close()
	if err := netns.Set(own); err != nil {
		return "", err
	}
	return address, n.plug(namespace, address, number)
}

// plug connects a namespace to the bridge by a pair of interfaces.
func (n *Network) plug(namespace netns.NsHandle, address string, number int) error {
	outside := fmt.Sprintf("v%d-%d", os.Getpid()%1_000_000, number)
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: outside, MasterIndex: n.bridge.Attrs().Index}, PeerName: "eth0", PeerNamespace: netlink.NsFd(namespace)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("connecting a pod: %w", err)
	}
	link, err := netlink.LinkByName(outside)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	inside, err := netlink.NewHandleAt(namespace)
	if err != nil {
		return err
	}
	defer inside.Close()
	loopback, err := inside.LinkByName("lo")
	if err != nil {
		return err
	}
	eth0, err := inside.LinkByName("eth0")
	if err != nil {
		return err
	}
	own, err := netlink.ParseAddr(address + "/16")
	if err != nil {
		return err
	}
	return errors.Join(inside.LinkSetUp(loopback), inside.AddrAdd(eth0, own), inside.LinkSetUp(eth0),
		inside.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: net.ParseIP(n.prefix + "0.1")}))
}

// detach takes a pod's network namespace away, once its processes have ended.
func (n *Network) detach(name string) { netns.DeleteNamed(name) }

// hostsFile is what a pod's containers see as /etc/hosts.
func (n *Network) hostsFile(pod, address string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "127.0.0.1\tlocalhost\n%s\t%s\n", address, pod)
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for name, service := range n.hosts {
		fmt.Fprintf(&b, "%s\t%s %s.cluster.local\n", service, name, name)
	}
	return b.String()
}

// serve puts a Service's address on the bridge and listens on its ports.
func (n *Network) serve(s *core.Service) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	ip := s.Spec.ClusterIP
	if ip == "" || ip == core.ClusterIPNone || n.listeners[ip] != nil {
		return
	}
	n.hosts[s.Name+"."+s.Namespace+".svc"] = ip
	address, err := netlink.ParseAddr(ip + "/32")
	if err != nil {
		return
	}
	if err := netlink.AddrAdd(n.bridge, address); err != nil {
		fmt.Fprintf(os.Stderr, "service %s/%s has no address: %v\n", s.Namespace, s.Name, err)
		return
	}
	for _, port := range s.Spec.Ports {
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, fmt.Sprint(port.Port)))
		if err != nil {
			fmt.Fprintf(os.Stderr, "service %s/%s: %v\n", s.Namespace, s.Name, err)
			continue
		}
		n.listeners[ip] = append(n.listeners[ip], listener)
		go n.accept(listener, s.Namespace, s.Name, port.Name)
	}
}

func (n *Network) forget(o any) {
	if unknown, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = unknown.Obj
	}
	s, ok := o.(*core.Service)
	if !ok {
		return
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, l := range n.listeners[s.Spec.ClusterIP] {
		l.Close()
	}
	delete(n.listeners, s.Spec.ClusterIP)
	delete(n.hosts, s.Name+"."+s.Namespace+".svc")
	if address, err := netlink.ParseAddr(s.Spec.ClusterIP + "/32"); err == nil {
		netlink.AddrDel(n.bridge, address)
	}
}

// accept leads connections to ready endpoints in turn. Where there is none they are closed, which is what a client of kube-proxy's sees as well.
func (n *Network) accept(listener net.Listener, namespace, service, port string) {
	for turn := 0; ; turn++ {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		ready := n.ready(namespace, service, port)
		if len(ready) == 0 {
			from.Close()
			continue
		}
		go join(from, ready[turn%len(ready)])
	}
}

// ready are the endpoints of a Service's port. The API server's own are on loopback, which no EndpointSlice may say.
func (n *Network) ready(namespace, service, port string) (addresses []string) {
	if namespace == metav1.NamespaceDefault && service == "kubernetes" {
		return []string{strings.TrimPrefix(n.cluster.Server, "https://")}
	}
	found, err := n.endpoints.EndpointSlices(namespace).List(labels.SelectorFromSet(labels.Set{discovery.LabelServiceName: service}))
	if err != nil {
		return nil
	}
	for _, slice := range found {
		for _, p := range slice.Ports {
			if p.Name == nil || *p.Name != port || p.Port == nil {
				continue
			}
			for _, e := range slice.Endpoints {
				if e.Conditions.Ready == nil || *e.Conditions.Ready {
					addresses = append(addresses, net.JoinHostPort(e.Addresses[0], fmt.Sprint(*p.Port)))
				}
			}
		}
	}
	slices.Sort(addresses)
	return addresses
}

// join copies both ways until both ends have had enough.
func join(from net.Conn, address string) {
	defer from.Close()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	var group sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		group.Go(func() {
			io.Copy(way[1], way[0])
			way[1].(*net.TCPConn).CloseWrite()
		})
	}
	group.Wait()
}
