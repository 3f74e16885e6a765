<?php
// Installs WordPress and fills it with an invented school: people, pages, posts and a visitor's comment.
define( 'WP_INSTALLING', true );
require getenv( 'WORDPRESS_FOLDER' ) . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter( 'pre_wp_mail', '__return_true' );

$domain = 'maplefalls.example';
wp_install( 'Maple Falls High School', 'office', "office@$domain", true, '', 'Correct-horse-9' );
update_option( 'permalink_structure', '/%postname%/' );
array_map( 'wp_delete_post', array( 1, 2, 3 ), array( true, true, true ) );

function enter( $type, $slug, $author, $content ) {
	$title = ucfirst( $slug );
	$named = array( 'post_name' => $slug, 'post_title' => $title, 'post_content' => $content );
	$kind  = array( 'post_type' => $type, 'post_author' => $author, 'post_status' => 'publish' );
	return wp_insert_post( $named + $kind + array( 'post_date' => '2026-09-01 08:00:00' ), true );
}

function hire( $login, $name, $address ) {
	$user = array( 'user_login' => $login, 'display_name' => $name, 'user_email' => $address );
	return wp_insert_user( $user + array( 'user_pass' => 'Correct-horse-9', 'role' => 'author' ) );
}

$ida      = hire( 'ida', 'Ida M.', "Ida.Marsh@$domain" );
$omar     = hire( 'omar', "omar.reed@$domain", 'omar@elsewhere.example' );
$stranger = hire( 'stranger', 'A <b>stranger</b>', 'stranger@elsewhere.example' );
hire( 'quiet', 'Quiet Pine', "quiet.pine@$domain" );

$icons = '<!-- wp:social-links --><ul class="wp-block-social-links">'
	. '<!-- wp:social-link {"url":"https://www.facebook.com/MapleFallsHigh","service":"facebook"} /-->'
	. '<!-- wp:social-link {"url":"https://www.youtube.com/@maplefallshigh","service":"youtube"} /-->'
	. '</ul><!-- /wp:social-links -->';
enter( 'page', 'contact', 1, $icons );
enter( 'page', 'hidden', 1, '<a href="https://x.com/hidden1">x</a>' );
enter( 'page', 'private', 1, '<a href="https://x.com/private1">x</a>' );
enter( 'club', 'chess', 1, '<a href="https://www.instagram.com/maplefallschess/">Chess</a>' );
enter( 'post', 'welcome', $ida, '<a href="https://x.com/maplefallshigh">News</a>' );
enter( 'post', 'matches', $omar, '<a href="https://bsky.app/profile/athletics.example">Scores</a>' );
$post = enter( 'post', 'guests', $stranger, 'Thanks to all who came.' );
wp_insert_comment(
	array(
		'comment_post_ID'    => $post,
		'comment_author'     => 'A visitor',
		'comment_author_url' => 'https://www.instagram.com/visitor1',
		'comment_content'    => '<a href="https://www.facebook.com/visitor2" rel="nofollow ugc">me</a>',
		'comment_approved'   => 1,
	)
);
flush_rewrite_rules( false );
